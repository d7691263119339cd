from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.core import jobs
from apps.signals.services import seal_hours


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
