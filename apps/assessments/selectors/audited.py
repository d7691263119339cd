"""Assessments as they stand in the database now, for comparison with the log."""

from collections.abc import Iterator
from typing import Any

from apps.assessments.models import Assessment
from apps.assessments.selectors.digests import assessment_content


def audited_assessments() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every assessment, written singly or in a chunk, with what it ties."""
    rows = Assessment.objects.order_by("id").select_related("score", "decision")
    for row in rows.iterator(chunk_size=1000):
        yield row.id, 1, assessment_content(row, row.score, row.decision)
