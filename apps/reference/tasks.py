from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.core import jobs
from apps.reference import services as reference


@shared_task(name="reference.refresh_reference")
def refresh_reference(*, job_id: str | None = None, **_: Any) -> None:
    """Load the configured lists again; daily, harmless to repeat."""
    at = datetime.now(UTC)
    jobs.work(
        kind="reference.refresh_reference",
        job_id=job_id,
        handler=lambda _: reference.refresh_configured(at=at),
        at=at,
    )
