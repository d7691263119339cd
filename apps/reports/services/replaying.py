"""Stored assessments computed again from their stored inputs, bit for bit."""

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from apps.assessments.models import Assessment
from apps.core.errors import NotFoundError
from apps.decisions import services as decisions
from apps.decisions.models import PolicyVersion
from apps.decisions.selectors import policy_of
from apps.scoring import services as scoring

if TYPE_CHECKING:
    from apps.decisions.policy import Policy
    from ml.frames import Scored

CHUNK = 1000
NUMBERS = ("margin", "own_probability", "low", "high", "probability")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first value of one assessment that did not come out again."""

    assessment_id: str
    what: str


@dataclass(frozen=True, slots=True)
class Replayed:
    checked: int
    differences: list[Difference]


def replay(
    *,
    assessment_id: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """Recompute one assessment, or all of them, from the values stored with them.

    Margin, contributions, probability, interval, ring join, reasons and decision must
    come out with the same bits. `advance` is told how many were done. Raises
    NotFoundError where the one asked for does not exist.
    """
    rows = Assessment.objects.order_by("score__model_id", "score__catalogue", "id")
    if assessment_id is not None:
        rows = rows.filter(pk=assessment_id)
        if not rows.exists():
            raise NotFoundError("There is no such assessment.")
    joined = rows.select_related("score", "decision").iterator(chunk_size=CHUNK)
    policies = _policies()
    checked, differences = 0, []
    for batch in _batches(joined):
        differences += _differences(batch, policies)
        checked += len(batch)
        advance(len(batch))
    return Replayed(checked, differences)


def _batches(rows: Iterator[Assessment]) -> Iterator[list[Assessment]]:
    """Yield runs of one model and catalogue, at most CHUNK at a time."""
    for _, run in groupby(rows, lambda row: (row.score.model_id, row.score.catalogue)):
        batch: list[Assessment] = []
        for row in run:
            batch.append(row)
            if len(batch) == CHUNK:
                yield batch
                batch = []
        if batch:
            yield batch


def _policies() -> dict[int, "Policy"]:
    return {row.pk: policy_of(row) for row in PolicyVersion.objects.all()}


def _differences(
    batch: Sequence[Assessment], policies: dict[int, "Policy"]
) -> list[Difference]:
    read, found = [], []
    for row in batch:
        try:
            read.append((row, json.loads(row.snapshot)))
        except ValueError:
            found.append(Difference(row.id, "snapshot"))
    if not read:
        return found
    again = _scored(read)
    for (row, snapshot), scored in zip(read, again, strict=True):
        what = (
            _score_difference(row, scored)
            or _decision_difference(row, scored, policies[row.decision.policy_id])
            or _snapshot_difference(row, snapshot)
        )
        if what:
            found.append(Difference(row.id, what))
    return found


def _scored(read: Sequence[tuple[Assessment, dict[str, Any]]]) -> "list[Scored]":
    """Score the stored values once more; assessments stand in for accounts."""
    rings = {
        row.id: snapshot["score"]["ring"]
        for row, snapshot in read
        if snapshot["score"]["ring"] is not None
    }
    rows = [row for row, _ in read]
    return scoring.rescore_batch(
        rows=[row.score for row in rows], ids=[row.id for row in rows], rings=rings
    )


def _score_difference(row: Assessment, scored: "Scored") -> str:
    for name in NUMBERS:
        if _bits([getattr(row.score, name)]) != _bits([getattr(scored, name)]):
            return name
    if _bits(row.score.contributions) != _bits(scored.contributions):
        return "contributions"
    ring = scored.ring
    score = row.score
    stored = (score.ring_id, score.ring_probability, score.agreement)
    again = (ring.ring_id, ring.probability, ring.agreement) if ring else _NONE
    company = ring.company if ring else 0.0
    if (*stored, score.company or 0.0) != (*again, company):
        return "ring"
    told = [asdict(one) | {"features": list(one.features)} for one in scored.reasons]
    return "" if told == row.score.reasons else "reasons"


_NONE = (None, None, None)


def _decision_difference(row: Assessment, scored: "Scored", policy: "Policy") -> str:
    [verdict] = decisions.decide(scored=[scored], policy=policy, degraded=row.degraded)
    made = row.decision
    stored = (made.action, made.band, tuple(made.matched_rules))
    if stored != (verdict.action, verdict.band, verdict.matched):
        return "decision"
    return "" if made.reasons == [one.code for one in scored.reasons] else "reasons"


def _snapshot_difference(row: Assessment, snapshot: dict[str, Any]) -> str:
    """Compare the numbers of the frozen text with those of the rows."""
    frozen = snapshot["score"]
    told = [frozen["margin"], frozen["own_probability"], frozen["probability"]]
    stored = [row.score.margin, row.score.own_probability, row.score.probability]
    if _bits(told) != _bits(stored):
        return "snapshot"
    values = [float("nan") if one is None else one for one in _ordered(row, snapshot)]
    return "" if _bits(values) == _bits(row.score.features) else "snapshot features"


def _ordered(row: Assessment, snapshot: dict[str, Any]) -> list[float | None]:
    names = scoring.columns_of(row.score.model_id)
    return [snapshot["features"][name] for name in names]


def _bits(values: Sequence[float]) -> bytes:
    return struct.pack(f">{len(values)}d", *values)
