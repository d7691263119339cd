"""What opening a case has to know, read in bulk: never one query an account."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from apps.decisions.models import Decision
from apps.review.choices import Lane, State
from apps.review.models import Case, CaseUpdate
from apps.review.selectors.volume import Volume, volumes
from apps.scoring.models import Score

MAX_TRIGGER = 2
UNSEEN_IDLE_DAYS = 30.0
_RARITY = re.compile(r" \((?:higher|lower) than [^)]*\)|: yes\b")
_END = re.compile(r"\.(?:\s+|$)")
GROUP_FAMILY = "RNG"
GROUP_TRIGGER = "Shares rare values with a group of other accounts"


class Circumstances(NamedTuple):
    """A decision's score and the account's volume, as far as opening needs them."""

    probability: float
    low: float
    high: float
    ring_id: str
    ring_probability: float
    trigger: tuple[str, ...]
    tokens_per_hour: float
    idle_days: float


def already_opened(decision_ids: Collection[str]) -> dict[str, str]:
    """Return decision -> case for decisions that opened or updated a case before."""
    opened = Case.objects.filter(decision_id__in=decision_ids)
    updates = CaseUpdate.objects.filter(decision_id__in=decision_ids)
    return dict(opened.values_list("decision_id", "id")) | dict(
        updates.values_list("decision_id", "case_id")
    )


def open_case_ids(account_ids: Iterable[int]) -> dict[int, str]:
    """Return account -> id of its case about abuse that is not closed."""
    rows = Case.objects.filter(account_id__in=list(account_ids))
    rows = rows.exclude(state=State.CLOSED).exclude(lane=Lane.SANCTIONS)
    return dict(rows.values_list("account_id", "id"))


def open_ring_cases(ring_ids: Sequence[str]) -> dict[str, Case]:
    rows = Case.objects.filter(lane=Lane.RING, ring_id__in=ring_ids)
    return {case.ring_id: case for case in rows.exclude(state=State.CLOSED)}


def circumstances_of(decisions: Sequence[Decision]) -> dict[str, Circumstances]:
    """Return decision id -> circumstances, read in bulk for any number."""
    scores = {
        row["id"]: row
        for row in Score.objects.filter(
            id__in=[one.score_id for one in decisions if one.score_id]
        ).values(
            "id", "probability", "low", "high", "ring_id", "ring_probability", "reasons"
        )
    }
    used = volumes(decisions)
    return {
        one.id: _circumstances(
            one, scores.get(one.score_id or ""), used.get(one.account_id)
        )
        for one in decisions
    }


def _circumstances(
    decision: Decision, score: dict[str, Any] | None, used: Volume | None
) -> Circumstances:
    given = score or {}
    return Circumstances(
        probability=given.get("probability", 0.5),
        low=given.get("low", 0.0),
        high=given.get("high", 1.0),
        ring_id=given.get("ring_id") or "",
        ring_probability=given.get("ring_probability") or 0.0,
        trigger=_trigger(decision, given.get("reasons") or []),
        tokens_per_hour=used.tokens_per_hour if used else 0.0,
        idle_days=used.idle_days if used else UNSEEN_IDLE_DAYS,
    )


def _trigger(decision: Decision, reasons: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Say in words, without codes or numbers of the model, why a person is asked."""
    raising = [
        sentence
        for one in reasons
        if one["direction"] == "raises"
        for sentence in (
            [GROUP_TRIGGER]
            if one["family"] == GROUP_FAMILY
            else _sentences(one["text"])
        )
    ]
    raising.sort(key=lambda sentence: sentence == GROUP_TRIGGER)  # the specific first
    said = tuple(text[:300] for text in raising[:MAX_TRIGGER])
    return said or (f"The policy asks for a person ({decision.action}).",)


def _sentences(text: str) -> list[str]:
    """Split a reason into plain sentences; how rare a value is belongs to the model."""
    plain = _RARITY.sub("", text)
    return [part.strip() for part in _END.split(plain) if part.strip()]
