"""What the audit log holds of each row of review; free text only as a digest."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from apps.review.models import (
    Approval,
    Case,
    Disposition,
    Impression,
    Note,
    Opinion,
    SanctionsHit,
)

Audited = Iterator[tuple[str, int, dict[str, Any]]]


def case_content(row: Case) -> dict[str, Any]:
    # only audits have a draw: what the log says of other cases stays as it was
    drawn = {"draw": row.draw_id} if row.draw_id else {}
    return drawn | {
        "id": row.id,
        "reference": row.reference,
        "account": row.account_id,
        "ring_id": row.ring_id,
        "ring_case": row.ring_case_id,
        "decision": row.decision_id,
        "state": str(row.state),
        "lane": str(row.lane),
        "mode": str(row.mode),
        "opened_at": row.opened_at.isoformat(),
        "as_of": row.as_of.isoformat(),
        "waiting_for": str(row.waiting_for),
        "waiting_until": _time(row.waiting_until),
        "closed_at": _time(row.closed_at),
    }


def hit_content(row: SanctionsHit) -> dict[str, Any]:
    return {
        "id": row.id,
        "account": row.account_id,
        "case": row.case_id,
        "field": row.field,
        "name_key": row.name_key,
        "entry_id": row.entry_id,
        "score": row.score,
        "list_version": row.list_version,
        "at": row.at.isoformat(),
    }


def impression_content(row: Impression) -> dict[str, Any]:
    return {
        "id": row.id,
        "case": row.case_id,
        "reviewer": row.reviewer_id,
        "leaning": str(row.leaning),
        "confidence": str(row.confidence),
        "at": row.at.isoformat(),
    }


def disposition_content(row: Disposition) -> dict[str, Any]:
    return {
        "id": row.id,
        "case": row.case_id,
        "reviewer": row.reviewer_id,
        "answer": str(row.answer),
        "reasons": list(row.reasons),
        "note_sha256": _digest(row.id, row.note),
        "changed_mind_sha256": _digest(row.id, row.changed_mind),
        "notice_tier": row.notice_tier,
        "model_seen": row.model_seen,
        "decision": row.decision_id,
        "at": row.at.isoformat(),
    }


def opinion_content(row: Opinion) -> dict[str, Any]:
    return {
        "id": row.id,
        "disposition": row.disposition_id,
        "approver": row.approver_id,
        "answer": str(row.answer),
        "at": row.at.isoformat(),
    }


def approval_content(row: Approval) -> dict[str, Any]:
    return {
        "id": row.id,
        "disposition": row.disposition_id,
        "opinion": row.opinion_id,
        "approver": row.approver_id,
        "verdict": str(row.verdict),
        "note_sha256": _digest(row.id, row.note),
        "decision": row.decision_id,
        "at": row.at.isoformat(),
    }


def note_content(row: Note) -> dict[str, Any]:
    return {
        "id": row.id,
        "case": row.case_id,
        "author": row.author_id,
        "text_sha256": _digest(row.id, row.text),
        "at": row.at.isoformat(),
    }


def audited_cases() -> Audited:
    for row in Case.objects.order_by("id").iterator(chunk_size=2000):
        yield row.id, row.row_version, case_content(row)


def audited_impressions() -> Audited:
    for row in Impression.objects.order_by("id").iterator(chunk_size=2000):
        yield row.id, 1, impression_content(row)


def audited_dispositions() -> Audited:
    for row in Disposition.objects.order_by("id").iterator(chunk_size=2000):
        yield row.id, 1, disposition_content(row)


def audited_opinions() -> Audited:
    for row in Opinion.objects.order_by("id").iterator(chunk_size=2000):
        yield row.id, 1, opinion_content(row)


def audited_approvals() -> Audited:
    for row in Approval.objects.order_by("id").iterator(chunk_size=2000):
        yield row.id, 1, approval_content(row)


def audited_notes() -> Audited:
    for row in Note.objects.order_by("id").iterator(chunk_size=2000):
        yield row.id, 1, note_content(row)


def audited_hits() -> Audited:
    for row in SanctionsHit.objects.order_by("id").iterator(chunk_size=2000):
        yield row.id, 1, hit_content(row)


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _digest(salt: str, text: str) -> str:
    """Return a digest of free text, salted with the row's id; empty stays empty."""
    return sha256(f"{salt}\n{text}".encode()).hexdigest() if text else ""
