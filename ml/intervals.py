"""How far a probability can be trusted: Venn-Abers pairs and Wilson intervals.

Inductive Venn-Abers prediction (Vovk et al. 2015) over bins of the margin, widened by
the Wilson interval of the rate that was observed around the bin.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import evaluate

Floats = NDArray[np.float64]

LEVEL: Final = 0.9
METHOD: Final = "venn_abers_and_wilson"


def bounds(
    margins: Floats, labels: Floats, weights: Floats, edges: Floats
) -> tuple[Floats, Floats]:
    """Return the interval of each of the `len(edges) + 1` bins of the margin.

    Venn-Abers asks twice: what would isotonic regression say of this bin if one more
    account in it were honest, and if it were abusive? That pair has no confidence
    level, so it is widened to the 90 % Wilson interval of the rate in the isotonic
    block around the bin. A bin with few accounts then borrows from its neighbors, since
    a higher margin cannot mean less abuse.
    """
    at = np.searchsorted(edges, margins, side="right")
    count = len(edges) + 1
    weight = _totals(at, weights, count)
    positive = _totals(at, weights * labels, count)
    squares = _totals(at, weights**2, count)
    low, high = _blocks(positive, weight, squares)
    for number in range(count):
        one = np.zeros(count)
        one[number] = 1.0
        honest = _isotonic(positive, weight + one)[number]
        abusive = _isotonic(positive + one, weight + one)[number]
        low[number] = min(low[number], honest)
        high[number] = max(high[number], abusive)
    return np.maximum.accumulate(low), np.minimum.accumulate(high[::-1])[::-1]


def _totals(at: NDArray[np.int64], values: Floats, count: int) -> Floats:
    return np.bincount(at, values, count).astype(np.float64)


def _blocks(positive: Floats, weight: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Return the Wilson interval of the isotonic block that holds each bin."""
    low, high = np.zeros(len(weight)), np.ones(len(weight))
    fitted = _isotonic(positive, weight)
    for value in np.unique(fitted[weight > 0]):
        block = (fitted == value) & (weight > 0)
        total = weight[block].sum()
        effective = total**2 / squares[block].sum()
        share = positive[block].sum() / total
        low[block], high[block] = evaluate.wilson(
            share * effective, effective, evaluate.Z_90
        )
    return low, high


def _isotonic(positive: Floats, weight: Floats) -> Floats:
    """Return the increasing rates closest to those of the bins, NaN where empty."""
    from scipy.optimize import isotonic_regression

    result = np.full(len(weight), np.nan)
    used = weight > 0
    if used.any():
        rates = positive[used] / weight[used]
        result[used] = isotonic_regression(rates, weights=weight[used]).x
    return result
