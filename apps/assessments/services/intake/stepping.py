"""The job of a step of an import: how it is wanted, and how its step ends."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.assessments.choices import ImportState
from apps.assessments.models import StagedImport
from apps.assessments.services.intake.staging import locked, moved
from apps.audit.services import Actor
from apps.core import jobs


def start_job(
    row: StagedImport, kind: str, state: ImportState, actor: Actor, at: datetime
) -> StagedImport:
    """Bring a locked import to the state of a job, and enqueue that job."""
    enqueue_job(row, kind, actor, at)
    return moved(row, state, actor, at)


def enqueue_job(row: StagedImport, kind: str, actor: Actor, at: datetime) -> None:
    """Want a job for this version of a locked import, which then names the job."""
    args = {"import_id": row.id, "actor": actor.id}
    key = f"{kind}:{row.id}:{row.row_version}"
    row.job_id = jobs.enqueue(kind=kind, key=key, args=args, at=at).id


def finish_job(
    row: StagedImport,
    state: ImportState,
    actor: Actor,
    at: datetime,
    *,
    problem: str = "",
    report: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
) -> None:
    """Store what a job has found, unless its import has left that step meanwhile."""
    with transaction.atomic():
        now = locked(row.id)
        if now.state != row.state:
            return
        now.problem = problem
        now.check_report = now.check_report if report is None else report
        now.result = now.result if result is None else result
        moved(now, state, actor, at)
