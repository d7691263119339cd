"""Assessments as they stand in the database now, for comparison with the log."""

from collections.abc import Iterator
from typing import Any

from apps.assessments.models import Assessment
from apps.assessments.selectors.digests import assessment_content, row_digest


def audited_assessments() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every singly audited assessment as it stands in the database now."""
    rows = Assessment.objects.filter(audit_chunk=None).order_by("id")
    for row in rows.select_related("score", "decision").iterator(chunk_size=1000):
        yield row.id, 1, assessment_content(row, row.score, row.decision)


def audited_chunks() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield each chunk of assessments with the hash of every row in it."""
    rows = Assessment.objects.exclude(audit_chunk=None).order_by("audit_chunk", "id")
    joined = rows.select_related("score", "decision").iterator(chunk_size=1000)
    held: dict[str, str] = {}
    chunk = None
    for row in joined:
        if row.audit_chunk != chunk and held:
            yield str(chunk), 1, {"rows": held}
            held = {}
        chunk = row.audit_chunk
        content = assessment_content(row, row.score, row.decision)
        held[row.id] = row_digest(content)
    if held:
        yield str(chunk), 1, {"rows": held}
