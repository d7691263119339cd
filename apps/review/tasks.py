from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.core import jobs
from apps.core.progress import Progress
from apps.review import services as review


@shared_task(name="review.draw_audits")
def draw_audits(*, job_id: str | None = None, **_: Any) -> None:
    """Open the random audits that are due; harmless to repeat."""
    at = datetime.now(UTC)

    def handler(progress: Progress) -> dict[str, Any]:
        opened = len(review.draw_audits(at=at))
        progress.advance(opened)
        return {"opened": opened}

    jobs.work(kind="review.draw_audits", job_id=job_id, handler=handler, at=at)


@shared_task(name="review.screen_names")
def screen_names(*, job_id: str | None = None, **_: Any) -> None:
    """Compare new names with the sanctions lists; harmless to repeat."""
    at = datetime.now(UTC)

    def handler(progress: Progress) -> dict[str, Any]:
        return asdict(review.screen_names(at=at, advance=progress.advance))

    jobs.work(kind="review.screen_names", job_id=job_id, handler=handler, at=at)
