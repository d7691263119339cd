"""Import in the browser: files, their mapping, a dry run, facts, a first look."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from apps.access.choices import Role
from apps.access.permissions import StaffRequest, actor_of, page
from apps.assessments import forms
from apps.assessments.choices import ImportState
from apps.assessments.models import StagedImport
from apps.assessments.presenters import intake as words
from apps.assessments.selectors import intake as selectors
from apps.assessments.services import intake
from apps.core.errors import InvalidError
from apps.core.models import Job
from apps.core.uploads import HomeUploadHandler
from apps.review.selectors.accounts import AccountFilter, accounts_page

MEGABYTE = 1_000_000
DOERS = (Role.LEAD, Role.ADMIN)
READERS = (*DOERS, Role.AUDITOR)
CASEWORK = (Role.LEAD, Role.AUDITOR)
PENDING = (ImportState.CHECKING, ImportState.LOADING)
OVER = (Job.State.FAILED, Job.State.DEAD)


@require_GET
@page(*READERS)
def imports(request: StaffRequest) -> HttpResponse:
    """Show the ways in, and the imports so far."""
    rows = list(selectors.recent_imports())
    context = {
        "rows": rows,
        "names": selectors.names_of(rows),
        "folders": intake.inbox_folders(),
        "inbox": settings.KYCRISK_INBOX,
        "limit": settings.KYCRISK_UPLOAD_MB,
        "may_import": request.user.role in DOERS,
    }
    return render(request, "assessments/imports.html", context)


@csrf_exempt  # checked in `_take_in`: the check reads the body, which may be too large
@require_POST
@page(*DOERS)
def upload(request: StaffRequest) -> HttpResponse:
    """Refuse what is too large before a byte of it is kept, then take the files in."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > settings.KYCRISK_UPLOAD_MB * MEGABYTE:
        raise InvalidError(
            f"The upload is larger than {settings.KYCRISK_UPLOAD_MB} MB; put the files"
            " in a folder of the inbox on the server instead."
        )
    request.upload_handlers = [HomeUploadHandler(request)]
    return _take_in(request)


@csrf_protect
def _take_in(request: HttpRequest) -> HttpResponse:
    form = forms.UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        raise InvalidError("Choose at least one file.")
    incoming = [
        intake.Incoming(Path(file.temporary_file_path()), file.name or "file", True)
        for file in form.cleaned_data["upload"]
        if isinstance(file, TemporaryUploadedFile)
    ]
    made = intake.begin(
        incoming=incoming,
        source="upload",
        actor=actor_of(request),
        at=datetime.now(UTC),
    )
    return redirect("import", import_id=made.id)


@require_POST
@page(*DOERS)
def folder(request: StaffRequest) -> HttpResponse:
    """Take in the files of a folder that lies in the inbox of the server."""
    form = forms.FolderForm(request.POST)
    if not form.is_valid():
        raise InvalidError("Choose a folder.")
    name = form.cleaned_data["folder"]
    made = intake.begin(
        incoming=intake.server_files(name),
        source=f"folder {name}",
        actor=actor_of(request),
        at=datetime.now(UTC),
    )
    return redirect("import", import_id=made.id)


@require_GET
@page(*READERS)
def one(request: StaffRequest, import_id: str) -> HttpResponse:
    """Show an import at its step."""
    row = selectors.import_of(import_id)
    return render(request, "assessments/import.html", _context(request, row))


@require_GET
@page(*READERS)
def progress(request: StaffRequest, import_id: str) -> HttpResponse:
    """Return the progress of a step: 204 where nothing moved, a reload at its end."""
    row = selectors.import_of(import_id)
    job = selectors.job_of(row.job_id)
    if row.state not in PENDING or (job and job.state in OVER):
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = _progress(row, job)
    if request.GET.get("v") == context["stand"]:
        return HttpResponse(status=204)
    return render(request, "assessments/parts/progress.html", context)


@require_POST
@page(*DOERS)
def read_as(request: StaffRequest, import_id: str) -> HttpResponse:
    """Store the mapping, and check the import where that was asked for."""
    row, at = selectors.import_of(import_id), datetime.now(UTC)
    form = forms.MappingForm(request.POST, files=row.files)
    if not form.is_valid():
        raise InvalidError("The mapping is not understood.")
    row = intake.remap(
        import_id=import_id,
        version=form.cleaned_data["version"],
        chosen=form.chosen,
        lenient=form.cleaned_data["lenient"],
        actor=actor_of(request),
        at=at,
    )
    if "check" in request.POST and not form.retold:
        intake.request_check(
            import_id=import_id,
            version=row.row_version,
            actor=actor_of(request),
            at=at,
        )
    return redirect("import", import_id=import_id)


@require_POST
@page(*DOERS)
def load(request: StaffRequest, import_id: str) -> HttpResponse:
    """Let the facts in and assess them: the point of no return."""
    form = forms.LoadForm(request.POST)
    if not form.is_valid():
        raise InvalidError("The moment of the assessment is not understood.")
    intake.request_load(
        import_id=import_id,
        version=form.cleaned_data["version"],
        as_of=form.cleaned_data["as_of"],
        actor=actor_of(request),
        at=datetime.now(UTC),
    )
    return redirect("import", import_id=import_id)


_STEPS = {
    "reopen": intake.reopen,
    "again": intake.request_again,
    "discard": intake.discard,
}


@require_POST
@page(*DOERS)
def step(request: StaffRequest, import_id: str, name: str) -> HttpResponse:
    """Go back to the mapping, try a job again, or discard everything."""
    form = forms.StepForm(request.POST)
    if name not in _STEPS:
        raise Http404
    if not form.is_valid():
        raise InvalidError("The version of the import is missing.")
    _STEPS[name](
        import_id=import_id,
        version=form.cleaned_data["version"],
        actor=actor_of(request),
        at=datetime.now(UTC),
    )
    if name == "discard":
        return redirect("imports")
    return redirect("import", import_id=import_id)


@require_POST
@page(*DOERS)
def assess(request: StaffRequest) -> HttpResponse:
    """Find rings and assess everybody now, in the background."""
    job = intake.request_assessment(actor=actor_of(request), at=datetime.now(UTC))
    return redirect("assessing", job_id=job.id)


@require_GET
@page(*READERS)
def assessing(request: StaffRequest, job_id: str) -> HttpResponse:
    """Show how far an assessment of everybody is."""
    job = selectors.job_of(job_id)
    if job is None or job.kind != intake.ASSESS:
        raise Http404
    context = {
        "job": job,
        "pending": job.state in {Job.State.QUEUED, Job.State.RUNNING},
        "may_look": request.user.role in CASEWORK,
        "stand": _stand(job),
        "poll": f"/import/assessing/{job.id}",
    }
    if request.headers.get("HX-Request"):
        if not context["pending"]:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "assessments/parts/progress.html", context)
    return render(request, "assessments/assessing.html", context)


def _context(request: StaffRequest, row: StagedImport) -> dict[str, Any]:
    report = row.check_report
    filled = report.get("filled", {})
    context = {
        "row": row,
        "by": selectors.names_of([row]).get(row.created_by, row.created_by),
        "may_import": request.user.role in DOERS,
        "may_look": request.user.role in CASEWORK,
        "files": words.file_views(row),
        "tables": list(words.TABLE_WORDS.items()),
        "report": report,
        "families": words.families(filled) if filled else [],
        "further": words.further(filled) if filled else [],
        "protected": words.protected(row),
        "counts": words.counts(row.result.get("tables") or report.get("tables", {})),
        "actions": words.actions(row.result.get("actions", {})),
        "ends": _moment(report["span"][1]) if report.get("span") else None,
        "as_of": _moment(row.result.get("as_of")),
    }
    if row.state in PENDING:
        context |= _progress(row, selectors.job_of(row.job_id))
    if row.result.get("top") and context["may_look"]:
        chosen = AccountFilter(ids=tuple(row.result["top"]))
        at = datetime.now(UTC)
        found = accounts_page(chosen, role=request.user.role, at=at, offset=0)
        context |= {"top": found.rows, "now": at}
    return context


def _progress(row: StagedImport, job: Job | None) -> dict[str, Any]:
    return {
        "row": row,
        "job": job,
        "failed": job is None or job.state in OVER,
        "stand": _stand(job) if job else "",
        "poll": f"/import/{row.id}/progress",
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _stand(job: Job) -> str:
    """Return a word that changes whenever there is something new to show."""
    return f"{job.state}-{job.done}-{job.total}-{job.phase}".replace(" ", "_")
