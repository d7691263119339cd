"""Four eyes: a second person answers first, then sees the proposal, then agrees."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from apps.core.ids import new_id
from apps.decisions.models import Decision
from apps.decisions.services import PersonDecision, record_person_decision
from apps.review import policy
from apps.review.choices import Answer, State, Verdict
from apps.review.errors import (
    AlreadyAnsweredError,
    CaseRoleError,
    IllegalTransitionError,
    ImpressionMissingError,
)
from apps.review.models import Approval, Case, Disposition, Opinion
from apps.review.selectors.audited import approval_content, opinion_content
from apps.review.services.audits import record_finding
from apps.review.services.log import person, record_said
from apps.review.services.moves import locked_case, move

if TYPE_CHECKING:
    from apps.access.models import User


@transaction.atomic
def give_opinion(
    *, case_id: str, user: "User", answer: Answer, at: datetime
) -> Opinion:
    """Store a lead's own answer to a proposed decision that they have not seen yet."""
    _, proposal = _open_proposal(case_id, user)
    try:
        with transaction.atomic():
            row = Opinion.objects.create(
                id=new_id("opin", at),
                disposition=proposal,
                approver=user,
                answer=answer,
                at=at,
            )
    except IntegrityError as error:
        raise AlreadyAnsweredError("Your own answer stands.") from error
    record_said(
        "review.case.opinion_recorded",
        "opinion",
        row.id,
        opinion_content(row),
        actor=person(user),
        at=at,
    )
    return row


@transaction.atomic
def approve(
    *, case_id: str, user: "User", verdict: Verdict, note: str, at: datetime
) -> Approval:
    """Approve a proposal, which then takes effect, or return the case to the queue.

    Raises OwnCaseApprovalError for the proposer, ImpressionMissingError before the
    approver's own answer.
    """
    case, proposal = _open_proposal(case_id, user)
    opinion = Opinion.objects.filter(disposition=proposal, approver=user).first()
    if opinion is None:
        raise ImpressionMissingError("Give your own answer before you see the first.")
    agreed = verdict == Verdict.APPROVED
    decision = _suspend(case, proposal, user=user, at=at) if agreed else None
    row = Approval.objects.create(
        id=new_id("appr", at),
        disposition=proposal,
        opinion=opinion,
        approver=user,
        verdict=verdict,
        note=note,
        decision=decision,
        at=at,
    )
    record_said(
        "review.case.approved" if agreed else "review.case.returned",
        "approval",
        row.id,
        approval_content(row),
        actor=person(user),
        at=at,
    )
    _move_on(case, agreed=agreed, user=user, at=at)
    record_finding(case, answer=proposal.answer, actor=person(user), at=at)
    return row


def _move_on(case: Case, *, agreed: bool, user: "User", at: datetime) -> None:
    state, kind = (State.CLOSED, "closed") if agreed else (State.OPEN, "reopened")
    move(case, state, kind=kind, actor=person(user), at=at)


def _open_proposal(case_id: str, user: "User") -> tuple[Case, Disposition]:
    """Return the locked case and its newest proposal; check who asks."""
    if user.role not in policy.APPROVER_ROLES:
        raise CaseRoleError("Only a lead approves.")
    case = locked_case(case_id)
    severe = Disposition.objects.filter(case=case, answer__in=policy.NEEDS_APPROVAL)
    proposal = severe.order_by("-at", "-id").first()
    if case.state != State.APPROVAL or proposal is None:
        raise IllegalTransitionError("Nothing on this case waits for approval.")
    policy.check_second_person(first=proposal.reviewer_id, second=user.pk)
    return case, proposal


def _suspend(
    case: Case, proposal: Disposition, *, user: "User", at: datetime
) -> Decision | None:
    if case.account_id is None:
        return None
    return record_person_decision(
        made=PersonDecision(
            account_id=case.account_id,
            action="suspend",
            reasons=tuple(proposal.reasons),
            note=proposal.note,
            case_id=case.id,
            decided_by=str(proposal.reviewer_id),
            approved_by=str(user.pk),
            final=proposal.answer == Answer.TERMINATE,
            score_id=case.decision.score_id if case.decision else None,
        ),
        at=at,
    )
