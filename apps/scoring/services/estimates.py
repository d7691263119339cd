"""What the random audits say of a site and of a model, each weighted by its chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from apps.scoring.models import AuditDraw
from apps.scoring.selectors import outcome_id
from apps.signals.selectors.facts import outcomes_table
from ml import dataset, evaluate
from ml.evaluate import Share


@dataclass(frozen=True, slots=True)
class Estimates:
    """Shares of all accounts that could be drawn, not of those that were.

    `precision` is the abuse among accounts that the machine asked people about,
    `recall` how much of all abuse it asked about.
    """

    drawn: int
    decided: int
    undecided: int  # people ended in between: neither cleared nor confirmed
    abusive: int
    prevalence: Share
    precision: Share
    recall: Share


def estimates(*, model_id: str | None = None, at: datetime) -> Estimates:
    """Estimate from every draw, or from those that a model had scored.

    Hajek's ratios: each account counts by one over its chance. Intervals are Wilson's
    at the effective number of accounts, 95 %.
    """
    draws = AuditDraw.objects.filter(drawn_at__lte=at)
    draws = draws.filter(score__model_id=model_id) if model_id else draws
    rows = list(draws.order_by("id").values_list("id", "chance", "asked"))
    said = findings(at=at) if rows else {}
    ended = [one for one in rows if one[0] in said]
    known = [one for one in ended if said[one[0]] is not None]
    weights = np.array([1.0 / chance for _, chance, _ in known])
    labels = np.array([said[draw_id] for draw_id, _, _ in known], dtype=np.float64)
    asked = np.array([wanted for _, _, wanted in known], dtype=bool)
    abusive = labels == 1.0
    return Estimates(
        drawn=len(rows),
        decided=len(known),
        undecided=len(ended) - len(known),
        abusive=int(abusive.sum()),
        prevalence=evaluate.weighted_share(abusive, weights),
        precision=evaluate.weighted_share(abusive[asked], weights[asked]),
        recall=evaluate.weighted_share(asked[abusive], weights[abusive]),
    )


def findings(*, at: datetime) -> dict[str, float | None]:
    """Return draw -> 1 for abuse, 0 for honest, None for neither; open ones lack."""
    told = _last_words(outcomes_table(as_of=at).to_pylist())
    prefix = outcome_id("")
    return {
        name.removeprefix(prefix): dataset.LABELS.get(label)
        for name, label in told.items()
        if name.startswith(prefix)
    }


def _last_words(outcomes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return outcome -> its label, or that of what superseded it in the end."""
    labels = {row["outcome_id"]: str(row["label"]) for row in outcomes}
    later = {row["supersedes"]: row["outcome_id"] for row in outcomes}
    ended = {}
    for name in labels:
        last, seen = name, {name}
        while (following := later.get(last)) is not None and following not in seen:
            last = following
            seen.add(last)
        ended[name] = labels[last]
    return ended
