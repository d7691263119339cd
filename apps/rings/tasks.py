from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.core import jobs
from apps.core.progress import Progress
from apps.rings import services


@shared_task(name="rings.find_rings", acks_late=True)
def find_rings(*, job_id: str | None = None, **_: Any) -> None:
    """Find rings over everything known now, going on from the last pass."""
    at = datetime.now(UTC)

    def handle(_progress: Progress) -> dict[str, Any]:
        run = services.find_changed(as_of=at, at=at)
        return {"run": run.pk, "accounts": run.accounts, "links": run.links}

    jobs.work(kind="rings.find_rings", job_id=job_id, handler=handle, at=at)
