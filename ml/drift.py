"""How far accounts of today have moved from those that a model learned from.

Population stability index: sum of (a - e) ln(a / e) over tenths of the training values,
e the share expected in each, a the share found. By custom .1 asks for a look and .25
for a new model.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.manifest import Manifest

Floats = NDArray[np.float64]

LOOK: Final = 0.1
MOVED: Final = 0.25
LEAST: Final = 100  # fewer known values give an index of noise
_EMPTY: Final = 1e-4  # stands for a share of nothing, of which there is no logarithm


def stability(grid: Sequence[float], values: Floats) -> float:
    """Return the index of known values against 101 percentiles; NaN of too few.

    Equal values fall into one part however many tenths they fill, so that a count
    which is mostly 0 has fewer parts.
    """
    known = values[np.isfinite(values)]
    if len(known) < LEAST:
        return float("nan")
    levels = np.asarray(grid)
    edges = np.unique(levels[10:100:10])
    expected = _shares(edges, levels)
    actual = _shares(edges, known)
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def _shares(edges: Floats, values: Floats) -> Floats:
    """Return the share of values in each part, up to and with its edge, none empty."""
    counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    return np.maximum(counts / len(values), _EMPTY)


def by_feature(
    manifest: Manifest, names: Sequence[str], values: Floats
) -> Mapping[str, float]:
    """Return the index of each input; `values` is float64 [n, names], NaN missing."""
    at = {name: number for number, name in enumerate(names)}
    return {
        feature.name: stability(feature.grid, values[:, at[feature.name]])
        for feature in manifest.features
    }
