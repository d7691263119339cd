"""Draw accounts at random, and know how likely each of them was to be drawn.

Half of a draw comes from the tenth with the highest scores, where most of the abuse
is, and half from all others. What is measured on the drawn accounts is then weighted
by one over the chance, so that it speaks of all accounts.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOP: Final = 0.1  # of all accounts, by score
TOP_SHARE: Final = 0.5  # of what is drawn


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn, int64 [k], and of every account: chance [n] and stratum [n]."""

    drawn: NDArray[np.int64]
    chances: Floats
    top: NDArray[np.bool_]
    sizes: NDArray[np.int64]  # accounts in the stratum of each account, [n]


def stratified(scores: Floats, lots: Floats, wanted: int, coin: float) -> Sample:
    """Draw `wanted` accounts, fewer where a stratum is smaller than its part.

    `lots` are float64 [n], uniform in [0, 1) and independent of the scores: in each
    stratum the smallest are drawn. `coin`, uniform too, decides where a part is no
    whole number, so that every chance is exact.
    """
    count = len(scores)
    top = np.zeros(count, dtype=bool)
    # the lots part equal scores, and nobody can choose a lot
    ranked = np.lexsort((lots, -scores))
    top[ranked[: math.ceil(TOP * count)]] = True
    chances, sizes = np.zeros(count), np.zeros(count, dtype=np.int64)
    drawn = []
    first = _whole(TOP_SHARE * wanted, coin)
    for stratum, part, take in (
        (top, TOP_SHARE * wanted, first),
        (~top, (1.0 - TOP_SHARE) * wanted, wanted - first),
    ):
        inside = np.flatnonzero(stratum)
        chances[inside] = _chance(part, len(inside))
        sizes[inside] = len(inside)
        order = np.argsort(lots[inside], kind="stable")
        drawn.append(inside[order[:take]])
    return Sample(np.concatenate(drawn), chances, top, sizes)


def _whole(part: float, coin: float) -> int:
    """Round up as often as the fraction says."""
    return math.floor(part) + (coin < part - math.floor(part))


def _chance(part: float, size: int) -> float:
    """Return the chance of each of `size` accounts when `part` are drawn on average."""
    if size == 0:
        return 0.0
    low = math.floor(part)
    more = part - low
    return ((1.0 - more) * min(low, size) + more * min(low + 1, size)) / size
