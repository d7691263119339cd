"""The random-audit lane: chance opens cases, and what people decide is a label."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from apps.audit.services import Actor
from apps.core.ids import new_id
from apps.review import policy
from apps.review.choices import Answer, Lane, Mode, State
from apps.review.models import Case
from apps.review.selectors.audits import audit_frame, concluded_since
from apps.review.services.log import SYSTEM, record_cases
from apps.review.services.opening import OPENING, case_numbers
from apps.scoring.models import AuditDraw
from apps.scoring.selectors import draws_since, outcome_id
from apps.scoring.services import draw_for_audit
from apps.signals.services import BatchReport, record_outcomes

WHY: Final = "Drawn at random so that the model can be measured."
# What an audit's conclusion says of the account. Limits and holds leave it open.
LABELS: Final = {
    Answer.ALLOW: "confirmed_legitimate",
    Answer.SUSPEND: "confirmed_abuse",
    Answer.TERMINATE: "confirmed_abuse",
    Answer.LIMIT: "inconclusive",
    Answer.HOLD: "inconclusive",
}
_LOCK: Final = 0x4B59_4155  # advisory lock: one draw at a time


@transaction.atomic
def draw_audits(*, at: datetime) -> list[Case]:
    """Open as many audits as the share of review that is set aside for them allows.

    Repeating a call changes nothing until people have concluded more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    since = at - timedelta(days=policy.AUDIT_DAYS)
    wanted = policy.audits_due(
        percent=settings.KYCRISK_AUDIT_PERCENT,
        concluded=concluded_since(since),
        drawn=draws_since(since),
    )
    if not wanted:
        return []
    frame = audit_frame(asking=OPENING, at=at)
    draws = draw_for_audit(frame=frame, wanted=wanted, at=at, actor=SYSTEM)
    numbers = case_numbers(len(draws))
    cases = [
        _case(draw, number, at=at) for draw, number in zip(draws, numbers, strict=True)
    ]
    Case.objects.bulk_create(cases)
    record_cases(cases, "opened", at=at)
    return cases


def _case(draw: AuditDraw, number: int, *, at: datetime) -> Case:
    """Return a case that says nothing of the score: blind, ranked like all audits."""
    return Case(
        id=new_id("case", at),
        reference=policy.reference(number),
        account_id=draw.account_id,
        draw=draw,
        state=State.OPEN,
        lane=Lane.AUDIT,
        mode=Mode.BLIND,
        opened_at=at,
        as_of=at,
        trigger=[WHY],
        expected_harm=0.0,
        friction=0.0,
        minutes=policy.MINUTES[Lane.AUDIT],
        rank=policy.AUDIT_RANK,
    )


def record_finding(case: Case, *, answer: str, actor: Actor, at: datetime) -> None:
    """Report what people found as an outcome, where an audit has come to its end."""
    if case.draw_id is None or case.account is None or case.state != State.CLOSED:
        return
    report = record_outcomes(
        rows=[(0, _outcome(case.draw_id, case.account.account_id, answer, at))],
        report=BatchReport(),
        at=at,
        actor=actor,
        request_id=None,
    )
    if report.rejected:
        raise RuntimeError(f"The outcome of an audit was refused: {report.rejected}")


def _outcome(
    draw_id: str, account_id: str, answer: str, at: datetime
) -> dict[str, object]:
    return {
        "outcome_id": outcome_id(draw_id),
        "account_id": account_id,
        "label": LABELS[Answer(answer)],
        "source": "random_audit",
        "observed_at": at.isoformat(),
        "known_at": at.isoformat(),
    }
