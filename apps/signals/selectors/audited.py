"""What the audit log says about rows of this app, so that rows can be checked."""

from collections.abc import Iterator

from apps.signals.models import ImportedFile


def imported_content(row: ImportedFile) -> dict[str, object]:
    """Return what the log repeats of an imported file."""
    return {
        "sha256": row.sha256,
        "table": row.table,
        "name": row.name,
        "accepted": row.accepted,
        "duplicates": row.duplicates,
        "rejected": row.rejected,
    }


def imported_files() -> Iterator[tuple[str, int, dict[str, object]]]:
    """Yield every finished import for verify_audit."""
    for row in ImportedFile.objects.exclude(finished_at=None).order_by("pk").iterator():
        yield str(row.pk), row.runs, imported_content(row)
