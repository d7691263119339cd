"""Machine decisions that ask for a person become cases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from django.db import transaction

from apps.core.bulk import write_new
from apps.core.ids import new_id
from apps.core.sql import fetch
from apps.decisions.models import Decision
from apps.review import policy
from apps.review.choices import Lane, Mode, State
from apps.review.models import Case, CaseUpdate
from apps.review.selectors.opening import (
    Circumstances,
    open_case_ids,
    open_ring_cases,
    standings,
)
from apps.review.services.log import SYSTEM, record_case, record_cases
from apps.review.services.moves import locked_case, move

OPENING = frozenset({"review", "hold", "limit", "challenge"})
MIN_RING_MEMBERS = 2
_EVEN = 0.5
_NUMBERS_SQL = (
    "SELECT nextval('review_case_number') FROM generate_series(1, $1::integer)"
)


class _Wanted(NamedTuple):
    decision: Decision
    open_case_id: str | None
    facts: Circumstances


def open_cases(
    *, decisions: Sequence[Decision], as_of: datetime, at: datetime
) -> dict[str, str]:
    """Give every decision that needs a person its case; return decision -> case id.

    Opens one case for an account; while it is not closed, later decisions are appended
    to it as new evidence. A ring with two or more such accounts gets one ring case.
    Repeating a call changes nothing.
    """
    wanted = {one.id: one for one in decisions if one.action in OPENING}
    return _open(wanted, as_of=as_of, at=at) if wanted else {}


@transaction.atomic(savepoint=False)
def _open(
    wanted: Mapping[str, Decision], *, as_of: datetime, at: datetime
) -> dict[str, str]:
    ordered = sorted(wanted.values(), key=lambda one: (one.account_id, one.id))
    stands = standings(ordered)
    found = {name: one.case_id for name, one in stands.items() if one.case_id}
    rows = [
        _Wanted(one, stands[one.id].open_case_id, stands[one.id].facts)
        for one in ordered
        if one.id not in found
    ]
    rings = _ring_cases(rows, as_of=as_of, at=at)
    opened = _account_cases(rows, rings, as_of=as_of, at=at)
    return found | opened | _append(rows, opened, at=at)


def _account_cases(
    rows: Sequence[_Wanted], rings: Mapping[str, Case], *, as_of: datetime, at: datetime
) -> dict[str, str]:
    """Open a case for each account that has none; return decision -> case id."""
    first = {
        row.decision.account_id: row for row in reversed(rows) if not row.open_case_id
    }
    if not first:
        return {}
    numbers = iter(case_numbers(len(first)))
    cases = [
        _case(row, rings, number=next(numbers), as_of=as_of, at=at)
        for row in first.values()
    ]
    # A parallel call may open a case for the same account: the database keeps one.
    kept = write_new(cases)
    mine = [case for case in cases if case.id in kept]
    record_cases(mine, "opened", at=at)
    return {str(case.decision_id): case.id for case in mine}


def _case(
    row: _Wanted,
    rings: Mapping[str, Case],
    *,
    number: int,
    as_of: datetime,
    at: datetime,
) -> Case:
    facts, action = row.facts, row.decision.action
    lane = policy.lane_for(action)
    stakes = policy.stakes_for(
        action=action,
        lane=lane,
        tokens_per_hour=facts.tokens_per_hour,
        idle_days=facts.idle_days,
    )
    case_id = new_id("case", at)
    ring = rings.get(facts.ring_id)
    return Case(
        id=case_id,
        reference=policy.reference(number),
        account_id=row.decision.account_id,
        ring_id=facts.ring_id,
        ring_case=ring,
        decision=row.decision,
        state=State.OPEN,
        lane=lane,
        mode=_mode(row, stakes, case_id),
        opened_at=at,
        as_of=as_of,
        trigger=list(facts.trigger),
        expected_harm=stakes.harm,
        friction=stakes.friction,
        minutes=stakes.minutes,
        rank=policy.rank(facts.probability, stakes),
    )


def _mode(row: _Wanted, stakes: policy.Stakes, case_id: str) -> Mode:
    """Choose how the case is shown; its identifier is the draw of the sample."""
    return policy.mode_for(
        action=row.decision.action,
        low=row.facts.low,
        high=row.facts.high,
        stake=policy.stake_level(stakes.harm, stakes.friction),
        draw=int.from_bytes(sha256(case_id.encode()).digest()[:4], "big"),
    )


def _append(
    rows: Sequence[_Wanted], opened: Mapping[str, str], *, at: datetime
) -> dict[str, str]:
    """Append decisions to cases that were open before; wake those that waited."""
    late = [row for row in rows if row.decision.id not in opened]
    if not late:
        return {}
    cases = open_case_ids([row.decision.account_id for row in late])
    CaseUpdate.objects.bulk_create(
        [
            CaseUpdate(
                case_id=cases[row.decision.account_id],
                decision=row.decision,
                at=at,
                trigger=list(row.facts.trigger),
            )
            for row in late
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )
    touched = sorted({cases[row.decision.account_id] for row in late})
    for case_id in _parked(touched):
        move(locked_case(case_id), State.OPEN, kind="reopened", actor=SYSTEM, at=at)
    return {row.decision.id: cases[row.decision.account_id] for row in late}


def _parked(case_ids: Sequence[str]) -> list[str]:
    """Cases that wait for new evidence, which has come."""
    rows = Case.objects.filter(
        id__in=case_ids, state=State.WAITING, waiting_for="evidence"
    )
    return list(rows.values_list("id", flat=True))


def _ring_cases(
    rows: Sequence[_Wanted], *, as_of: datetime, at: datetime
) -> dict[str, Case]:
    """Return the open ring case of each ring that has several accounts in `rows`."""
    members: dict[str, list[_Wanted]] = {}
    for row in rows:
        if row.facts.ring_id and row.facts.ring_probability >= _EVEN:
            members.setdefault(row.facts.ring_id, []).append(row)
    found = open_ring_cases(list(members)) if members else {}
    for ring_id, part in sorted(members.items()):
        if ring_id not in found and len(part) >= MIN_RING_MEMBERS:
            found[ring_id] = _open_ring(ring_id, part, as_of=as_of, at=at)
    return found


def _open_ring(
    ring_id: str, part: Sequence[_Wanted], *, as_of: datetime, at: datetime
) -> Case:
    tokens = sum(row.facts.tokens_per_hour for row in part)
    stakes = policy.stakes_for(
        action="review",
        lane=Lane.RING,
        tokens_per_hour=tokens,
        idle_days=min(row.facts.idle_days for row in part),
    )
    return open_case(
        lane=Lane.RING,
        ring_id=ring_id,
        trigger=f"{len(part)} accounts that need a person share rare values",
        probability=part[0].facts.ring_probability,
        stakes=stakes,
        as_of=as_of,
        at=at,
    )


def open_case(
    *,
    lane: Lane,
    trigger: str,
    probability: float,
    stakes: policy.Stakes,
    as_of: datetime,
    at: datetime,
    account_id: int | None = None,
    ring_id: str = "",
) -> Case:
    """Open one case without a machine's decision: its evidence is shown first."""
    case = Case(
        id=new_id("case", at),
        reference=policy.reference(case_numbers(1)[0]),
        account_id=account_id,
        ring_id=ring_id,
        state=State.OPEN,
        lane=lane,
        mode=Mode.EVIDENCE_FIRST,
        opened_at=at,
        as_of=as_of,
        trigger=[trigger],
        expected_harm=stakes.harm,
        friction=stakes.friction,
        minutes=stakes.minutes,
        rank=policy.rank(probability, stakes),
    )
    case.save(force_insert=True)
    record_case(case, "opened", actor=SYSTEM, at=at)
    return case


def case_numbers(count: int) -> list[int]:
    """Draw case numbers from their sequence."""
    return [int(number) for (number,) in fetch(_NUMBERS_SQL, count)]
