"""Assessments as they stand in the database now, for comparison with the log."""

from collections.abc import Iterator
from typing import Any

from apps.assessments.models import Assessment, StagedImport
from apps.assessments.selectors.digests import assessment_content


def audited_assessments() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every assessment, written singly or in a chunk, with what it ties."""
    rows = Assessment.objects.order_by("id").select_related("score", "decision")
    for row in rows.iterator(chunk_size=1000):
        yield row.id, 1, assessment_content(row, row.score, row.decision)


def audited_imports() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every import in the browser as it stands now."""
    for row in StagedImport.objects.order_by("id").iterator(chunk_size=1000):
        yield row.id, row.row_version, import_content(row)


def import_content(row: StagedImport) -> dict[str, Any]:
    """Return what the log keeps of an import: whose, which files, how many rows."""
    return {
        "state": row.state,
        "source": row.source,
        "created_by": row.created_by,
        "lenient": row.lenient,
        "files": [
            {name: file[name] for name in ("sha256", "size", "table", "columns")}
            for file in row.files
        ],
        "tables": row.result.get("tables", {}),
    }
