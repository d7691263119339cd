from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.audit.services import Actor
from apps.core import jobs
from apps.signals.services import compact_days, drop_expired, seal_hours


@shared_task(name="signals.seal_usage_hour")
def seal_usage_hour(*, job_id: str | None = None, **_: Any) -> None:
    """Seal complete hours of usage; hourly, harmless to repeat."""
    at = datetime.now(UTC)
    jobs.work(
        kind="signals.seal_usage_hour",
        job_id=job_id,
        handler=lambda progress: seal_hours(at=at, advance=progress.advance),
        at=at,
    )


@shared_task(name="signals.tend_lake")
def tend_lake(*, job_id: str | None = None, **_: Any) -> None:
    """Drop what was kept long enough and join small files; daily."""
    at = datetime.now(UTC)
    actor = Actor("system", "signals.tend_lake")
    jobs.work(
        kind="signals.tend_lake",
        job_id=job_id,
        handler=lambda progress: (
            drop_expired(at=at, actor=actor)
            | compact_days(at=at, advance=progress.advance)
        ),
        at=at,
    )
