from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.access.services import idempotency
from apps.core import jobs


@shared_task(name="access.forget_replies")
def forget_replies(*, job_id: str | None = None, **_: Any) -> None:
    """Delete stored replies that nobody can ask for any more."""
    at = datetime.now(UTC)

    def handle(_progress: jobs.Progress) -> dict[str, Any]:
        return {"forgotten": idempotency.forget(at=at)}

    jobs.work(kind="access.forget_replies", job_id=job_id, handler=handle, at=at)
