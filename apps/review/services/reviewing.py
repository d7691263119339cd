"""What a reviewer says about a case that they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.ids import new_id
from apps.decisions.models import Decision
from apps.decisions.services import PersonDecision, record_person_decision
from apps.review import policy
from apps.review.choices import Answer, Mode, State
from apps.review.errors import (
    AlreadyAnsweredError,
    ImpressionMissingError,
)
from apps.review.models import Case, Disposition, Impression, Note
from apps.review.selectors.audited import (
    disposition_content,
    impression_content,
    note_content,
)
from apps.review.services.audits import record_finding
from apps.review.services.log import person, record_said
from apps.review.services.moves import finish, held_case, locked_case

if TYPE_CHECKING:
    from apps.access.models import User

# What takes effect at once; a suspension holds new capacity until a lead agrees.
EFFECT: dict[Answer, str] = {
    Answer.ALLOW: "allow",
    Answer.LIMIT: "limit",
    Answer.ASK: "challenge",
    Answer.HOLD: "hold",
    Answer.SUSPEND: "hold",
    Answer.TERMINATE: "hold",
}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A reviewer's answer with everything that has to come with it."""

    answer: Answer
    reasons: Sequence[str]
    note: str = ""
    changed_mind: str = ""


@transaction.atomic
def record_impression(
    *,
    case_id: str,
    token: UUID,
    user: "User",
    leaning: str,
    confidence: str,
    at: datetime,
) -> Impression:
    """Store what the reviewer thinks before the model view opens; never changed."""
    case = held_case(case_id=case_id, token=token, user=user, at=at)
    try:
        with transaction.atomic():
            row = Impression.objects.create(
                id=new_id("imp", at),
                case=case,
                reviewer=user,
                leaning=leaning,
                confidence=confidence,
                at=at,
            )
    except IntegrityError as error:
        raise AlreadyAnsweredError("Your first impression stands.") from error
    record_said(
        "review.case.impression_recorded",
        "impression",
        row.id,
        impression_content(row),
        actor=person(user),
        at=at,
    )
    return row


@transaction.atomic
def add_note(*, case_id: str, user: "User", text: str, at: datetime) -> Note:
    """Append a note; notes are never edited."""
    case = locked_case(case_id)
    row = Note.objects.create(
        id=new_id("note", at), case=case, author=user, text=text, at=at
    )
    record_said(
        "review.case.noted",
        "note",
        row.id,
        note_content(row),
        actor=person(user),
        at=at,
    )
    return row


@transaction.atomic
def decide(
    *, case_id: str, token: UUID, user: "User", made: Conclusion, at: datetime
) -> Disposition:
    """Store a conclusion and move the case on; the decision takes effect at once.

    A suspension or termination holds new capacity and waits for a second person.
    Raises StaleLeaseError, ImpressionMissingError or DispositionError; then nothing
    is written.
    """
    case = held_case(case_id=case_id, token=token, user=user, at=at)
    policy.check_disposition(answer=made.answer, reasons=made.reasons, note=made.note)
    impression = Impression.objects.filter(case=case, reviewer=user).first()
    if impression is None:
        raise ImpressionMissingError("Record your first impression before deciding.")
    row = Disposition.objects.create(
        id=new_id("disp", at),
        case=case,
        reviewer=user,
        answer=made.answer,
        reasons=list(made.reasons),
        note=made.note,
        changed_mind=made.changed_mind,
        notice_tier=policy.notice_tier(made.reasons),
        model_seen=case.mode != Mode.BLIND,
        decision=_effect(case, user=user, made=made, at=at),
        at=at,
    )
    _record(row, at=at, user=user)
    _move_on(case, row, user=user, at=at)
    record_finding(case, answer=row.answer, actor=person(user), at=at)
    return row


def _effect(
    case: Case, *, user: "User", made: Conclusion, at: datetime
) -> Decision | None:
    """Record what takes effect now; a ring case decides through its members."""
    action = EFFECT.get(made.answer)
    if action is None or case.account_id is None:
        return None
    return record_person_decision(
        made=PersonDecision(
            account_id=case.account_id,
            action=action,
            reasons=tuple(made.reasons),
            note=made.note,
            case_id=case.id,
            decided_by=str(user.pk),
            score_id=case.decision.score_id if case.decision else None,
        ),
        at=at,
    )


def _record(row: Disposition, *, user: "User", at: datetime) -> None:
    record_said(
        "review.case.decided",
        "disposition",
        row.id,
        disposition_content(row),
        actor=person(user),
        at=at,
    )


def _move_on(case: Case, row: Disposition, *, user: "User", at: datetime) -> None:
    leads_to = policy.after(row.answer)
    until = at + timedelta(days=leads_to.days) if leads_to.days else None
    kind = {State.CLOSED: "closed", State.APPROVAL: "proposed"}.get(
        leads_to.state, "parked"
    )
    finish(
        case,
        leads_to.state,
        kind=kind,
        user=user,
        at=at,
        waiting_for=leads_to.waiting_for,
        waiting_until=until,
    )
