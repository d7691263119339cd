"""Score a system's exported scores against the truth of a Hydra world.

Only the scorer reads the truth; the product never gets its path. An account counts
as flagged when its probability ever crossed the threshold, so rates are per account
lifetime and not per score. Thresholds come from honest accounts of the validation
period alone; what they give on the test period is printed beside every recall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml import evaluate
from ml.benchmark.fairness import group_rates
from ml.benchmark.read import Account, Export, Scores
from ml.benchmark.refuse import threshold_on_test
from ml.benchmark.spread import by_cluster

RATES: Final = (0.01, 0.001)
FEWEST_FOR_A_RATE: Final = 10  # honest accounts above a threshold that is printed


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one world at one false-positive rate.

    Shares have Wilson intervals over accounts; `recall_by_ring` and `realised_by_house`
    hold those of whole rings and of whole organizations drawn again.
    """

    rate: float
    threshold: float
    realised: evaluate.Share
    realised_by_house: tuple[float, float] | None
    recall: Mapping[str, evaluate.Share]
    recall_by_ring: Mapping[str, tuple[float, float] | None]
    look_alikes: Mapping[str, evaluate.Share]
    groups: Mapping[str, evaluate.Share]
    group_ratio: float | None


def lifetime(exports: Sequence[Scores]) -> dict[str, float]:
    """Return the highest score that each account ever had."""
    highest: dict[str, float] = {}
    for export in exports:
        for account_id, score in export.items():
            highest[account_id] = max(score, highest.get(account_id, score))
    return highest


def calm_threshold(
    truth: Sequence[Account], validation: Sequence[Export], rate: float
) -> float:
    """Return the threshold that this share of validation honest accounts crosses."""
    before = lifetime([export.scores for export in validation])
    return evaluate.threshold_at(_calm(truth, before), rate)


def _calm(truth: Sequence[Account], before: Scores) -> NDArray[np.float64]:
    """Return the lifetime scores of validation honest accounts."""
    return np.array(
        [before[o.account_id] for o in truth if o.honest and o.account_id in before]
    )


def judge(
    truth: Sequence[Account],
    validation: Sequence[Export],
    test: Sequence[Export],
) -> dict[str, Any]:
    """Return PR-AUC and, for each rate, recall by level and the worst look-alike.

    A threshold that was set on tested days raises RefusedError.
    """
    threshold_on_test(validation, test)
    before = lifetime([export.scores for export in validation])
    after = lifetime([export.scores for export in test])
    seen = [one for one in truth if one.account_id in after]
    scores = np.array([after[one.account_id] for one in seen])
    honest = np.array([one.honest for one in seen], dtype=bool)
    guilty = np.array([one.level is not None for one in seen], dtype=bool)
    counted = honest | guilty
    calm = _calm(truth, before)
    tables = [
        _table(rate, calm, seen, scores, honest)
        for rate in RATES
        if rate * len(calm) >= FEWEST_FOR_A_RATE
    ]
    labels = guilty[counted].astype(float)
    areas: dict[str, float | None] = {"pr_auc": None, "roc_auc": None}
    if guilty.any():
        areas["pr_auc"] = evaluate.pr_auc(labels, scores[counted])
        areas["roc_auc"] = evaluate.roc_auc(labels, scores[counted])
    return {
        "accounts": {
            "honest": int(honest.sum()),
            "in_rings": int(guilty.sum()),
            "validation_honest": len(calm),
        },
        **areas,
        "rates": [asdict(table) for table in tables],
        "fairness": group_rates(truth, before, after),
    }


def _table(
    rate: float,
    calm: NDArray[np.float64],
    seen: Sequence[Account],
    scores: NDArray[np.float64],
    honest: NDArray[np.bool_],
) -> Table:
    threshold = evaluate.threshold_at(calm, rate)
    flagged = scores > threshold
    levels = np.array([one.level or "" for one in seen])
    kinds = np.array([one.archetype for one in seen])
    recall = {
        level: evaluate.share(flagged[levels == level])
        for level in sorted(set(levels) - {""})
    }
    recall["all"] = evaluate.share(flagged[levels != ""])
    houses = [one.house or one.account_id for one in seen if one.honest]
    where = np.array([one.group for one in seen])
    groups = {
        str(group): evaluate.share(flagged[honest & (where == group)])
        for group in sorted(set(where[honest].tolist()))
    }
    return Table(
        rate=rate,
        threshold=threshold,
        realised=evaluate.share(flagged[honest]),
        realised_by_house=by_cluster(flagged[honest], houses),
        recall=recall,
        recall_by_ring=_by_ring(seen, flagged),
        look_alikes={
            kind: evaluate.share(flagged[honest & (kinds == kind)])
            for kind in sorted(set(kinds[honest]))
        },
        groups=groups,
        group_ratio=_ratio(list(groups.values())),
    )


def _by_ring(
    seen: Sequence[Account], flagged: NDArray[np.bool_]
) -> dict[str, tuple[float, float] | None]:
    """Return the interval of recall by level with whole rings drawn again."""
    levels = np.array([one.level or "" for one in seen])
    rings = np.array([one.ring or "" for one in seen])
    chosen = {level: levels == level for level in sorted(set(levels) - {""})}
    chosen["all"] = levels != ""
    return {
        level: by_cluster(flagged[mine], rings[mine].tolist())
        for level, mine in chosen.items()
    }


def _ratio(groups: Sequence[evaluate.Share]) -> float | None:
    """Return the least over the greatest rate of the groups; None where none is hit."""
    rates = [group.value for group in groups]
    return min(rates) / max(rates) if max(rates, default=0) > 0 else None
