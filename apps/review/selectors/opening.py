"""What opening a case has to know, read in bulk: never one query an account."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from apps.core.sql import fetch
from apps.decisions.models import Decision
from apps.review.choices import BESIDE, Lane, State
from apps.review.models import Case
from apps.review.selectors.volume import Volume, volumes

MAX_TRIGGER = 2
UNSEEN_IDLE_DAYS = 30.0
_RARITY = re.compile(r" \((?:higher|lower) than [^)]*\)|: yes\b")
_END = re.compile(r"\.(?:\s+|$)")
GROUP_FAMILY = "RNG"
GROUP_TRIGGER = "Shares rare values with a group of other accounts"


# What stands about each decision: asked once for one account and for a whole pass.
_STANDING_SQL: Final = """
SELECT asked.decision_id,
  coalesce(
    (SELECT id FROM review_case c WHERE c.decision_id = asked.decision_id LIMIT 1),
    (SELECT case_id FROM review_caseupdate u
     WHERE u.decision_id = asked.decision_id LIMIT 1)),
  (SELECT id FROM review_case c WHERE c.account_id = asked.account_id
     AND c.state <> 'closed' AND c.lane NOT IN ('sanctions', 'audit')),
  score.probability, score.low, score.high, score.ring_id, score.ring_probability,
  score.reasons::json,
  EXISTS (SELECT FROM features_signalsnapshot seen
    WHERE seen.account_id = asked.account_id AND seen."group" = 'usage'
      AND seen."values" @> '{{"has_usage": 1}}')
FROM {asked} AS asked (decision_id, account_id, score_id)
LEFT JOIN scoring_score score ON score.id = asked.score_id
"""
# An array of unknown length is planned anew at every call; one row is not.
_STANDING_OF_ONE: Final = _STANDING_SQL.format(
    asked="(VALUES ($1::text, $2::bigint, $3::text))"
)
_STANDING_OF_MANY: Final = _STANDING_SQL.format(
    asked="unnest($1::text[], $2::bigint[], $3::text[])"
)


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


class Standing(NamedTuple):
    """What exists about a decision: its case, its account's open case, its score."""

    case_id: str | None  # that it opened or was appended to before
    open_case_id: str | None  # about abuse by its account
    facts: Circumstances


def standings(decisions: Sequence[Decision]) -> dict[str, Standing]:
    """Return decision id -> what stands, for any number of decisions in one query."""
    if not decisions:
        return {}
    asked = [(one.id, one.account_id, one.score_id) for one in decisions]
    rows = (
        fetch(_STANDING_OF_ONE, *asked[0])
        if len(asked) == 1
        else fetch(_STANDING_OF_MANY, *map(list, zip(*asked, strict=True)))
    )
    found = {row[0]: row[1:] for row in rows}
    used = volumes([one for one in decisions if _is_looked_up(found, one)])
    return {
        one.id: Standing(
            case_id=found[one.id][0],
            open_case_id=found[one.id][1],
            facts=_circumstances(one, found[one.id][2:8], used.get(one.account_id)),
        )
        for one in decisions
    }


def _is_looked_up(found: Mapping[str, tuple[Any, ...]], decision: Decision) -> bool:
    # A single account that no usage signal knows, as at sign-up, is not looked for:
    # the request that assesses it has no time to open the lake.
    return len(found) > 1 or bool(found[decision.id][-1])


def open_case_ids(account_ids: Collection[int]) -> dict[int, str]:
    """Return account -> id of its case about abuse that is not closed."""
    if not account_ids:
        return {}
    rows = Case.objects.filter(account_id__in=account_ids)
    rows = rows.exclude(state=State.CLOSED).exclude(lane__in=BESIDE)
    return dict(rows.values_list("account_id", "id"))


def open_ring_cases(ring_ids: Sequence[str]) -> dict[str, Case]:
    rows = Case.objects.filter(lane=Lane.RING, ring_id__in=ring_ids)
    return {case.ring_id: case for case in rows.exclude(state=State.CLOSED)}


def _circumstances(
    decision: Decision, score: tuple[Any, ...], used: Volume | None
) -> Circumstances:
    probability, low, high, ring_id, ring_probability, reasons = score
    scored = probability is not None
    return Circumstances(
        probability=probability if scored else 0.5,
        low=low if scored else 0.0,
        high=high if scored else 1.0,
        ring_id=ring_id or "",
        ring_probability=ring_probability or 0.0,
        trigger=_trigger(decision, reasons or []),
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
