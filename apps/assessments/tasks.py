from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.assessments import services
from apps.assessments.choices import Event
from apps.audit.services import Actor
from apps.core import jobs
from apps.core.progress import Progress


@shared_task(name="assessments.assess_changed", acks_late=True)
def assess_changed(*, job_id: str | None = None, **_: Any) -> None:
    """Assess the accounts that something new is known of."""
    at = datetime.now(UTC)
    actor = Actor("system", "assessments.assess_changed")
    occasion = services.Occasion(Event.SCHEDULED, at, at, actor)

    def handle(progress: Progress) -> dict[str, Any]:
        done = services.assess_changed(occasion=occasion, progress=progress)
        return {"accounts": done.accounts, "stored": done.stored}

    jobs.work(kind="assessments.assess_changed", job_id=job_id, handler=handle, at=at)
