"""Imports in the browser, as the console shows them."""

from django.db.models import QuerySet

from apps.access.models import User
from apps.assessments.choices import ImportState
from apps.assessments.errors import UnknownImportError
from apps.assessments.models import StagedImport
from apps.core.models import Job

RECENT = 30


def recent_imports() -> QuerySet[StagedImport]:
    """Return the newest imports, the newest first."""
    return StagedImport.objects.order_by("-created_at", "-id")[:RECENT]


def import_of(import_id: str) -> StagedImport:
    """Return an import; raises UnknownImportError."""
    found = StagedImport.objects.filter(pk=import_id).first()
    if found is None:
        raise UnknownImportError
    return found


def is_loading() -> bool:
    """Whether an import is under way, which assesses its accounts itself."""
    ids = StagedImport.objects.filter(state=ImportState.LOADING).values("job_id")
    alive = [Job.State.QUEUED, Job.State.RUNNING]
    return Job.objects.filter(pk__in=ids, state__in=alive).exists()


def job_of(job_id: str) -> Job | None:
    return Job.objects.filter(pk=job_id).first() if job_id else None


def names_of(imports: list[StagedImport]) -> dict[str, str]:
    """Return what people call those who made the imports, by id."""
    ids = {int(row.created_by) for row in imports if row.created_by.isdigit()}
    return {str(user.pk): str(user) for user in User.objects.filter(pk__in=ids)}
