"""Chance among accounts that are not independent: whole rings are drawn again.

Accounts of a ring succeed and fail together, and so do those of one organization. A
Wilson interval over accounts would claim far more than a handful of rings can tell.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 2_000
DEALS: Final = 500
_SEED: Final = 20_260_101


def by_cluster(
    flags: NDArray[np.bool_] | NDArray[np.float64], clusters: Sequence[str]
) -> tuple[float, float] | None:
    """Return the 95 % percentile bootstrap of a mean; None with a lone cluster.

    Clusters of equal hits and sizes are drawn as one kind: of fifteen thousand houses
    there are some twenty kinds.
    """
    names, code = np.unique(np.asarray(clusters, str), return_inverse=True)
    if len(names) < 2:  # noqa: PLR2004 - one cluster has no spread
        return None
    hits = np.bincount(code, flags.astype(float))
    sizes = np.bincount(code).astype(float)
    kinds, counts = np.unique(np.stack([hits, sizes], 1), axis=0, return_counts=True)
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(len(names), counts / len(names), DRAWS)
    shares = (drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1])
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def least_over_most(
    flags: NDArray[np.bool_], clusters: Sequence[str], groups: Sequence[str]
) -> list[tuple[float, float]]:
    """Return the median and lowest twentieth of the ratio that chance alone would give.

    `flags` [rates, accounts]; there is a pair for each rate. Clusters (whole
    organizations and families) are dealt out anew to groups of the sizes seen: their
    flags then say nothing of the group, and yet the least flagged of six groups always
    lies below the most flagged. Without a flag the ratio is 1.
    """
    _, code = np.unique(np.asarray(clusters, str), return_inverse=True)
    sizes = np.bincount(code).astype(np.float64)
    hits = [np.bincount(code[row], minlength=len(sizes)) for row in flags]
    _, members = np.unique(np.asarray(groups, str), return_counts=True)
    ends = np.cumsum(members)[:-1]
    rng = np.random.default_rng(_SEED)
    ratios = np.ones((len(flags), DEALS))
    for deal in range(DEALS):
        order = rng.permutation(len(sizes))
        cuts = np.searchsorted(np.cumsum(sizes[order]), ends)
        dealt = _between(sizes[order], cuts)
        # a house larger than a group leaves that group empty
        some = dealt > 0
        for at, row in enumerate(hits):
            shares = _between(row[order].astype(np.float64), cuts)[some] / dealt[some]
            if shares.max() > 0:
                ratios[at, deal] = shares.min() / shares.max()
    low, median = np.quantile(ratios, (0.05, 0.5), axis=1)
    return list(zip(median.tolist(), low.tolist(), strict=True))


def _between(
    amounts: NDArray[np.float64], cuts: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the sums of amounts from each cut to the next, with what is cut first."""
    running = np.cumsum(amounts)
    return np.diff(running[cuts], prepend=0.0, append=running[-1])
