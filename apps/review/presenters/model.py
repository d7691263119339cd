"""The model's view as a sum that ends exactly on the shown probability."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.review import policy
from apps.review.presenters.charts import Chart, Part, dots, signed, waterfall
from apps.scoring.models import Score

LOG_ODDS_TO_POINTS = 10.0 / math.log(10.0)
SHOWN, LEAST = 8, 0.1
TOO_WIDE = 0.30
_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class ModelView:
    """Everything the model frame shows; built only for those who may see it."""

    probability: float
    interval: str
    uncertain: bool
    flags: list[str]
    reasons: list[dict[str, Any]]
    dots: Chart
    waterfall: Chart
    model: str


def model_view(score: Score, labels: Mapping[str, str]) -> ModelView:
    """Return the view of one score; `labels` maps a feature's name to its label."""
    low, high = _shown_interval(score)
    wide = high - low > TOO_WIDE
    return ModelView(
        probability=score.probability,
        interval=f"{policy.percent(low)} to {policy.percent(high)}",
        uncertain=wide,
        flags=_flags(score, wide=wide),
        reasons=[
            {**one, "shown": signed(float(one["points"]))} for one in score.reasons[:4]
        ],
        dots=dots(low, high),
        waterfall=waterfall(
            parts_of(score, labels),
            total=points_of(score.probability),
            answer=policy.percent(score.probability),
        ),
        model=f"{score.model.kind} model, version {score.model.version}",
    )


def points_of(probability: float) -> float:
    """Return a probability as evidence points, 10 log10 of its odds."""
    kept = min(max(probability, _EDGE), 1.0 - _EDGE)
    return 10.0 * math.log10(kept / (1.0 - kept))


def parts_of(score: Score, labels: Mapping[str, str]) -> list[Part]:
    """Return the steps: base, factors by size, the rest, calibration, company, ring.

    They add up to `points_of(score.probability)`.
    """
    names: Sequence[str] = score.model.manifest["columns"]
    *factors, base = [value * LOG_ODDS_TO_POINTS for value in score.contributions]
    order = sorted(range(len(factors)), key=lambda at: -abs(factors[at]))
    told = sum(abs(points) >= LEAST for points in factors)
    shown, rest = order[: min(SHOWN, told)], order[min(SHOWN, told) :]
    parts = [Part("Base rate", base, "base")]
    for at in shown:
        name = names[at]
        value = _value(score.features[at])
        parts.append(Part(labels.get(name, name), factors[at], value=value))
    if rest:
        parts.append(
            Part(f"{len(rest)} smaller factors", sum(factors[at] for at in rest))
        )
    margin = base + sum(factors)
    own = points_of(score.own_probability)
    parts.append(Part("Calibration adjustment", own - margin))
    if score.ring_probability is not None:
        joined = points_of(score.probability) - own
        # points_of has bounds, which may cut some of it off
        company = min((score.company or 0.0) * LOG_ODDS_TO_POINTS, joined)
        if company:
            parts.append(Part("Suspicious company", company))
        if score.ring_id or not company:
            whom = "its ring" if score.ring_id else "suspicious company"
            parts.append(Part(f"Joined with {whom}", joined - company))
    return parts


def _shown_interval(score: Score) -> tuple[float, float]:
    """Widen the account's own interval where the ring moved the joint value past it."""
    return min(score.low, score.probability), max(score.high, score.probability)


def _flags(score: Score, *, wide: bool) -> list[str]:
    missing = sum(math.isnan(value) for value in score.features)
    found = ["the interval is wide"] if wide else []
    if missing:
        found.append(f"{missing} of {len(score.features)} values are missing")
    if score.ring_probability is not None:
        if score.ring_id:
            sure = policy.percent(score.ring_probability)
            found.append(f"it is in a ring whose grouping is {sure} sure")
        if score.company or not score.ring_id:
            found.append("it shares rare values with suspicious accounts")
    return found or ["nothing unusual"]


def _value(value: float) -> str:
    return "missing" if math.isnan(value) else f"{value:,.3g}"
