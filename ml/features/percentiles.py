"""Where a value stands among other accounts."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.features.catalogue import EVIDENCE, FEATURES
from ml.frames import FeatureFrame

GRID: Final = 101
_LEVELS: Final = np.linspace(0.0, 1.0, GRID)


def percentiles(frame: FeatureFrame) -> dict[str, list[float]]:
    """Return for each feature its quantiles at 0, 1, ... 100 % of the known values.

    A feature that nobody has is left out. The grid is stored with a model, so that a
    value can be placed in the population which the model was trained on.
    """
    grids = {}
    for at, name in enumerate(frame.names):
        column = frame.values[:, at]
        known = column[~np.isnan(column)]
        if known.size:
            # values that were seen, not means of two: a count stays a whole number
            grid = np.quantile(known, _LEVELS, method="inverted_cdf")
            grids[name] = [float(value) for value in grid]
    return grids


def place(grids: Mapping[str, Sequence[float]], name: str, value: float) -> float:
    """Return the percentile of a value in [0, 100]; NaN when it cannot be placed.

    Among equal quantiles the middle counts, so that the most common value of a rare
    event (no shared card) stands in the middle of its many holders, not on top.
    """
    if name not in grids or np.isnan(value):
        return float("nan")
    grid = np.asarray(grids[name])
    below = np.searchsorted(grid, value, side="left")
    through = np.searchsorted(grid, value, side="right")
    return float(np.clip((below + through - 1) / 2, 0, GRID - 1))


def may_show(frame: FeatureFrame) -> NDArray[np.bool_]:
    """Return [accounts, FEATURES]: whether enough was seen to show it as a reason.

    Floors govern what is shown about one account, not what is scored or pooled.
    """
    evidence = {item.name: frame.column(item.name) for item in EVIDENCE}
    shown = np.ones((len(frame.account_ids), len(FEATURES)), dtype=np.bool_)
    for at, feature in enumerate(FEATURES):
        if feature.floor is not None:
            shown[:, at] = evidence[feature.floor.evidence] >= feature.floor.least
    return shown
