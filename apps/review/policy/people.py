"""Who may do what to a case, and what a conclusion must bring with it."""

from collections.abc import Sequence

from apps.access.choices import Role
from apps.core.errors import FieldProblem
from apps.review.choices import Answer, Lane, Mode, State, WaitingFor
from apps.review.errors import DispositionError, OwnCaseApprovalError
from apps.review.policy.reasons import known_reason

NEEDS_APPROVAL = frozenset({Answer.SUSPEND, Answer.TERMINATE})
NEEDS_NOTE = NEEDS_APPROVAL | {Answer.ESCALATE, Answer.INSUFFICIENT}
NEEDS_NO_REASON = frozenset({Answer.ESCALATE, Answer.INSUFFICIENT})
APPROVER_ROLES = frozenset({Role.LEAD})
MAX_REASONS = 4
MAX_NOTE = 4000
_SEVERE = frozenset({Answer.LIMIT, Answer.HOLD, Answer.SUSPEND, Answer.TERMINATE})


def may_take(*, role: str, lane: str, state: str, waiting_for: str) -> bool:
    """Tell who may work on a case: analysts, or a lead where it was escalated.

    A ring is decided through its accounts, one by one, so nobody takes its case.
    """
    if lane == Lane.RING:
        return False
    escalated = state == State.WAITING and waiting_for == WaitingFor.LEAD
    if role == Role.LEAD:
        return escalated or state == State.CLAIMED
    return role == Role.ANALYST and not escalated and state != State.APPROVAL


def may_see_model(
    *, role: str, state: str, mode: str, judged: bool, anyone_judged: bool
) -> bool:
    """Whether the model view may be in the HTML for this person.

    `judged`: this person gave an own impression or opinion on the case;
    `anyone_judged`: somebody did. Nobody's own judgment may follow the model's.
    """
    if state == State.CLOSED or role in {Role.AUDITOR, Role.MODEL_OWNER}:
        return state == State.CLOSED or anyone_judged
    if mode == Mode.BLIND:
        return False
    if role == Role.LEAD:
        return judged or (state != State.APPROVAL and anyone_judged)
    return judged or mode == Mode.ASSISTED


def check_second_person(*, first: int, second: int) -> None:
    """Raise OwnCaseApprovalError where both pairs of eyes are one person's."""
    if first == second:
        raise OwnCaseApprovalError(
            "You proposed this decision; another lead has to approve it."
        )


def check_disposition(*, answer: str, reasons: Sequence[str], note: str) -> None:
    """Raise DispositionError naming each missing part of a conclusion."""
    problems = list(_problems(Answer(answer), reasons, note))
    if problems:
        detail = " ".join(problem.detail for problem in problems)
        raise DispositionError(detail, problems=tuple(problems))


def switched_to_model(*, answer: str, leaning: str, probability: float) -> bool:
    """Whether the reviewer ended on the model's side after leaning the other way."""
    model_abuse = probability >= 0.5  # noqa: PLR2004 - even odds
    ended_abuse = answer in _SEVERE
    leaned_abuse = leaning == "abuse"
    decided = answer in _SEVERE or answer == Answer.ALLOW
    return decided and ended_abuse == model_abuse and leaned_abuse != ended_abuse


def _problems(answer: Answer, reasons: Sequence[str], note: str) -> list[FieldProblem]:
    found = []
    if answer not in NEEDS_NO_REASON and not reasons:
        found.append(FieldProblem("/reasons", "required", "Pick at least one reason."))
    if len(reasons) > MAX_REASONS:
        found.append(
            FieldProblem("/reasons", "too_many", f"Pick at most {MAX_REASONS} reasons.")
        )
    if not all(known_reason(code) for code in reasons):
        found.append(FieldProblem("/reasons", "unknown", "A reason is not known."))
    if answer in NEEDS_NOTE and not note.strip():
        found.append(
            FieldProblem("/note", "required", f"{answer.label} needs a note: why?")
        )
    if len(note) > MAX_NOTE:
        found.append(
            FieldProblem("/note", "too_long", f"A note has at most {MAX_NOTE} signs.")
        )
    return found
