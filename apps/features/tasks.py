from datetime import UTC, datetime

from celery import shared_task

from apps.core import jobs
from apps.features import services


@shared_task(name="features.compute_payment_signals", acks_late=True)
def compute_payment_signals(*, job_id: str | None = None, **_: object) -> None:
    _compute("payment", job_id)


@shared_task(name="features.compute_network_signals", acks_late=True)
def compute_network_signals(*, job_id: str | None = None, **_: object) -> None:
    _compute("network", job_id)


@shared_task(name="features.compute_usage_signals", acks_late=True)
def compute_usage_signals(*, job_id: str | None = None, **_: object) -> None:
    _compute("usage", job_id)


def _compute(group: str, job_id: str | None) -> None:
    at = datetime.now(UTC)
    jobs.work(
        kind=f"features.compute_{group}_signals",
        job_id=job_id,
        handler=lambda progress: services.compute_signals(
            group=group, as_of=at, progress=progress
        ),
        at=at,
    )
