"""How far a system is ahead of the best simple one, on the same accounts and days."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.benchmark.judge import calm_threshold, lifetime
from ml.benchmark.read import Account, Export
from ml.benchmark.spread import by_cluster

# Exports of validation and of test days.
Column = tuple[Sequence[Export], Sequence[Export]]
ORACLE: Final = "oracle rings"  # knows who belongs together: nobody's rival


def ahead(
    truth: Sequence[Account],
    ours: Column,
    columns: Mapping[str, Column],
    rates: Sequence[float],
) -> list[dict[str, Any]]:
    """Return, by rate and level, our recall less that of the level's best column.

    Each system has its own threshold, from validation honest accounts. The best is
    picked on the tested days, which speaks against us. `interval` is that of whole
    rings drawn again, 95 %; None where there is one ring.
    """
    rivals = {name: one for name, one in columns.items() if name != ORACLE}
    seen = {name for export in ours[1] for name in export.scores}
    guilty = [one for one in truth if one.level and one.account_id in seen]
    levels = np.array([one.level for one in guilty])
    rings = np.array([one.ring for one in guilty])
    found = []
    for rate in rates:
        mine = _flags(truth, ours, rate, guilty)
        theirs = {
            name: _flags(truth, one, rate, guilty) for name, one in rivals.items()
        }
        by_level = {}
        for level in sorted(set(levels.tolist())):
            at = levels == level
            best = max(theirs, key=lambda name: float(theirs[name][at].mean()))
            gain = mine[at] - theirs[best][at]
            by_level[level] = {
                "best": best,
                "difference": float(gain.mean()),
                "interval": by_cluster(gain, rings[at].tolist()),
            }
        found.append({"rate": rate, "levels": by_level})
    return found


def _flags(
    truth: Sequence[Account], column: Column, rate: float, accounts: Sequence[Account]
) -> NDArray[np.float64]:
    """Return 1 for each account that ever crossed the threshold, else 0."""
    threshold = calm_threshold(truth, column[0], rate)
    highest = lifetime([export.scores for export in column[1]])
    scores = [highest.get(one.account_id, -np.inf) for one in accounts]
    return np.asarray(np.array(scores) > threshold, dtype=np.float64)
