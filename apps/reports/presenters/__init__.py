"""Reports as plain documents, and documents as PDF."""

from apps.reports.presenters.document import build
from apps.reports.presenters.pages import (
    object_history,
    older_query,
    waterfall_of,
)
from apps.reports.presenters.pdf import render_pdf
from apps.reports.selectors import sources_of

__all__ = [
    "build",
    "explanation_document",
    "explanation_pdf",
    "object_history",
    "older_query",
    "render_pdf",
    "waterfall_of",
]


def explanation_document(assessment_id: str) -> dict[str, object]:
    """Return the explanation of one assessment: what page, JSON and PDF all show.

    Plain JSON values only. Raises NoAssessmentError.
    """
    return build(sources_of(assessment_id))


def explanation_pdf(assessment_id: str) -> bytes:
    """Return the explanation as PDF/A-3b with the snapshot and the proof attached."""
    sources = sources_of(assessment_id)
    return render_pdf(build(sources), snapshot=sources.snapshot_text)
