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
from ml.benchmark.read import Account, Export, Scores
from ml.benchmark.refuse import threshold_on_test

RATES: Final = (0.01, 0.001)
FEWEST_FOR_A_RATE: Final = 10  # honest accounts above a threshold that is printed


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one world at one false-positive rate."""

    rate: float
    threshold: float
    realised: evaluate.Share
    recall: Mapping[str, evaluate.Share]
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
    calm = np.array(
        [
            before[one.account_id]
            for one in truth
            if one.honest and one.account_id in before
        ]
    )
    tables = [
        _table(rate, calm, seen, scores, honest)
        for rate in RATES
        if rate * len(calm) >= FEWEST_FOR_A_RATE
    ]
    labels = guilty[counted].astype(float)
    return {
        "accounts": {
            "honest": int(honest.sum()),
            "in_rings": int(guilty.sum()),
            "validation_honest": len(calm),
        },
        "pr_auc": evaluate.pr_auc(labels, scores[counted]),
        "roc_auc": evaluate.roc_auc(labels, scores[counted]),
        "rates": [asdict(table) for table in tables],
    }


def _honest_ids(truth: Sequence[Account]) -> list[str]:
    return [one.account_id for one in truth if one.honest]


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
    where = np.array([one.group for one in seen])
    groups = {
        str(group): evaluate.share(flagged[honest & (where == group)])
        for group in sorted(set(where[honest].tolist()))
    }
    return Table(
        rate=rate,
        threshold=threshold,
        realised=evaluate.share(flagged[honest]),
        recall=recall,
        look_alikes={
            kind: evaluate.share(flagged[honest & (kinds == kind)])
            for kind in sorted(set(kinds[honest]))
        },
        groups=groups,
        group_ratio=_ratio(list(groups.values())),
    )


def _ratio(groups: Sequence[evaluate.Share]) -> float | None:
    """Return the least over the greatest rate of the groups; None where none is hit."""
    rates = [group.value for group in groups]
    return min(rates) / max(rates) if max(rates, default=0) > 0 else None


def as_text(name: str, figures: Mapping[str, Any]) -> str:
    """Return the figures of one world as a table for people."""
    counts = figures["accounts"]
    areas = f"PR-AUC {figures['pr_auc']:.3f}, ROC-AUC {figures['roc_auc']:.3f}"
    who = f"{counts['honest']:,} honest, {counts['in_rings']:,} in rings"
    lines = [f"{name}: {who}; {areas}"]
    for table in figures["rates"]:
        lines.append(
            f"  at {table['rate']:.1%} of validation honest (threshold"
            f" {table['threshold']:.4f}); realised {_share(table['realised'])}"
        )
        lines += [
            f"    recall {level:<4} {_share(one)}"
            for level, one in table["recall"].items()
        ]
        worst = max(table["look_alikes"].items(), key=lambda pair: pair[1]["value"])
        lines.append(f"    worst look-alike: {worst[0]} {_share(worst[1])}")
        if table["group_ratio"] is not None:
            lines.append(f"    country groups, least/most: {table['group_ratio']:.2f}")
    lines += _columns(figures)
    if not figures["rates"]:
        lines.append("  too few honest accounts for any rate")
    return "\n".join(lines)


def _columns(figures: Mapping[str, Any]) -> list[str]:
    """Return the recall of the baselines and of the oracle, a line each."""
    lines = []
    for name, other in figures.get("beside", {}).items():
        for table in other["rates"]:
            recall = " ".join(
                f"{level} {one['value']:.2f}" for level, one in table["recall"].items()
            )
            lines.append(f"    beside at {table['rate']:.1%}: {name:<17} {recall}")
    rings = figures.get("rings")
    if rings:
        lines.append(
            f"    rings: B-cubed precision {rings['b_cubed_precision']:.2f}, recall"
            f" {rings['b_cubed_recall']:.2f}; caught {rings['caught_by_level']}"
        )
    return lines


def _share(one: Mapping[str, float]) -> str:
    interval = f"[{one['low']:.3f}, {one['high']:.3f}]"
    return f"{one['value']:.3f} {interval} of {one['count']:,}"
