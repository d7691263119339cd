"""The import itself: facts enter the system, are assessed, and the files are gone."""

import shutil
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.assessments import selectors
from apps.assessments.choices import Event, ImportState
from apps.assessments.errors import ImportStateError
from apps.assessments.models import StagedImport
from apps.assessments.services.intake.checking import CHECK, mapped_folder
from apps.assessments.services.intake.staging import changed, folder_of, locked
from apps.assessments.services.intake.stepping import (
    enqueue_job,
    finish_job,
    start_job,
)
from apps.assessments.services.occasion import Occasion
from apps.assessments.services.population import assess_all
from apps.audit.services import Actor
from apps.core import jobs
from apps.core.errors import DomainError, InvalidError
from apps.core.models import Job
from apps.core.progress import Progress
from apps.signals import selectors as signals
from apps.signals.services import import_bundle

LOAD: Final = "assessments.load_import"
ASSESS: Final = "assessments.assess_now"
TOP: Final = 20


def request_load(
    *, import_id: str, version: int, as_of: str, actor: Actor, at: datetime
) -> StagedImport:
    """Want a checked import loaded and assessed: from here on there is no way back.

    `as_of` is "now" or "end", the moment of the newest row.
    """
    with transaction.atomic():
        row = locked(import_id, version, ImportState.CHECKED)
        tables = row.check_report["tables"].values()
        if not any(one["accepted"] for one in tables):
            raise InvalidError("No row of these files is new and fit to be imported.")
        span = row.check_report["span"]
        ends = datetime.fromisoformat(span[1]) if span else at
        moment = min(ends, at).isoformat() if as_of == "end" else None
        row.result = {"as_of": moment, "since": at.isoformat()}
        row.problem = ""
        return start_job(row, LOAD, ImportState.LOADING, actor, at)


def request_again(
    *, import_id: str, version: int, actor: Actor, at: datetime
) -> StagedImport:
    """Want the job of an import once more, after it has failed for good."""
    with transaction.atomic():
        row = locked(import_id, version, ImportState.CHECKING, ImportState.LOADING)
        job = Job.objects.filter(pk=row.job_id).first()
        if job and job.state not in {Job.State.FAILED, Job.State.DEAD}:
            raise ImportStateError("The job is not over; look again.")
        kind = LOAD if row.state == ImportState.LOADING else CHECK
        enqueue_job(row, kind, actor, at)
        return changed(row, "retried", actor, at)


def load_import(*, import_id: str, progress: Progress, at: datetime) -> dict[str, Any]:
    """Import the mapped files by the importer, then assess the accounts they touch.

    Repeating it after a kill goes on where it was. A site without a model keeps the
    facts and says so.
    """
    row = StagedImport.objects.filter(pk=import_id, state=ImportState.LOADING).first()
    if row is None:
        return {}
    actor = Actor("user", row.created_by)
    since = datetime.fromisoformat(row.result["since"])
    try:
        tables = _load(row, actor, progress, at)
    except DomainError as error:
        problem = error.detail
        finish_job(row, ImportState.CHECKED, actor, at, problem=problem, result={})
        return {"problem": error.code}
    found = row.result["as_of"]
    as_of = datetime.fromisoformat(found) if found else at
    assessed = _assess(as_of, since, actor, progress, at)
    result = {"tables": tables, "as_of": as_of.isoformat(), **assessed}
    finish_job(row, ImportState.LOADED, actor, at, result=result)
    shutil.rmtree(folder_of(row.id), ignore_errors=True)
    return {"tables": tables}


def request_assessment(*, actor: Actor, at: datetime) -> Job:
    """Want everybody assessed as of now; one such job a minute."""
    key = f"{ASSESS}@{at:%Y-%m-%dT%H:%M}"
    return jobs.enqueue(kind=ASSESS, key=key, args={"actor": actor.id}, at=at)


def assess_now(*, actor: Actor, progress: Progress, at: datetime) -> dict[str, Any]:
    """Find rings and assess every account as of now."""
    occasion = Occasion(Event.SCHEDULED, at, at, actor)
    done = assess_all(occasion=occasion, progress=progress)
    return {"accounts": done.accounts, "stored": done.stored}


def _load(
    row: StagedImport, actor: Actor, progress: Progress, at: datetime
) -> dict[str, dict[str, int]]:
    done = import_bundle(
        folder=mapped_folder(row), strict=False, at=at, actor=actor,
        bar=lambda label, done, total: progress.advance(done, total, label),
    )  # fmt: skip
    return {name: asdict(counts) for name, counts in done.tables.items()}


def _assess(
    as_of: datetime, since: datetime, actor: Actor, progress: Progress, at: datetime
) -> dict[str, Any]:
    """Assess the accounts that facts came in for; say why where that cannot be done."""
    touched = signals.changed_accounts(since=since, until=at)
    if not touched:
        return {"accounts": 0, "top": []}
    occasion = Occasion(Event.SCHEDULED, as_of, at, actor)
    progress.advance(0, 0, "assess")
    try:
        done = assess_all(occasion=occasion, progress=progress, account_ids=touched)
    except DomainError as error:
        return {"accounts": len(touched), "top": [], "not_assessed": error.detail}
    top = selectors.highest_ranked(account_ids=touched, moment=occasion, limit=TOP)
    return {
        "accounts": done.accounts,
        "stored": done.stored,
        "actions": done.actions,
        "top": top,
    }
