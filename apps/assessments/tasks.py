from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from apps.assessments import services
from apps.assessments.choices import Event
from apps.assessments.services import intake
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


@shared_task(name=intake.CHECK, acks_late=True)
def check_import(*, job_id: str | None = None, **_: Any) -> None:
    """Rehearse one import of the console."""
    _work_on_import(intake.CHECK, intake.check_import, job_id)


@shared_task(name=intake.LOAD, acks_late=True)
def load_import(*, job_id: str | None = None, **_: Any) -> None:
    """Load one import of the console and assess its accounts."""
    _work_on_import(intake.LOAD, intake.load_import, job_id)


def _work_on_import(
    kind: str, step: Callable[..., dict[str, Any]], job_id: str | None
) -> None:
    """Take the step of the import that the job names."""
    at = datetime.now(UTC)

    def handle(progress: jobs.Progress) -> dict[str, Any]:
        return step(import_id=progress.args["import_id"], progress=progress, at=at)

    jobs.work(kind=kind, job_id=job_id, handler=handle, at=at)


@shared_task(name=intake.ASSESS, acks_late=True)
def assess_now(*, job_id: str | None = None, **_: Any) -> None:
    """Assess everybody because a person asked for it."""
    at = datetime.now(UTC)

    def handle(progress: jobs.Progress) -> dict[str, Any]:
        actor = Actor("user", progress.args["actor"])
        return intake.assess_now(actor=actor, progress=progress, at=at)

    jobs.work(kind=intake.ASSESS, job_id=job_id, handler=handle, at=at)


@shared_task(name="assessments.forget_imports")
def forget_imports(*, job_id: str | None = None, **_: Any) -> None:
    """Discard imports that nobody went on with; hourly."""
    at = datetime.now(UTC)
    actor = Actor("system", "assessments.forget_imports")
    jobs.work(
        kind="assessments.forget_imports",
        job_id=job_id,
        handler=lambda _: {"discarded": intake.forget_old(actor=actor, at=at)},
        at=at,
    )
