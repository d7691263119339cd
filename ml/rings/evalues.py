"""Evidence against chance that may be looked at as often as one likes.

An e-value is a number from 0 up whose mean is at most 1 where only chance is at work
(Vovk and Wang, E-values: calibration, combination and applications, 2021). Those of
ever new data multiply to a test martingale: however often one looks, it ever exceeds
1 / level with a chance of at most `level` (Ville; Shafer, Testing by betting, 2021;
Ramdas, Gruenwald, Vovk and Shafer, Game-theoretic statistics and safe anytime-valid
inference, 2023). Averages of e-values are e-values, whatever binds them.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.05  # share of the confirmed rings that may be chance, at most


def soft_rank(found: float, strangers: NDArray[np.float64]) -> float:
    """Return how many times the usual a positive statistic is, as an e-value.

    `strangers` holds the same statistic [draws] after random exchanges that change
    nothing where only chance is at work; then all are equally likely to be the largest
    and the mean of this ratio over them is exactly 1. It is `draws + 1` at most.
    """
    return float(found * (len(strangers) + 1) / (found + strangers.sum()))


def e_bh(log_e: NDArray[np.float64], *, tested: int, level: float) -> NDArray[np.bool_]:
    """Return which e-values (given as logarithms) are no chance: bool [e-values].

    Of those chosen an expected share of `level` at most is chance, under any dependence
    (Wang and Ramdas, False discovery rate control with e-values, 2022). `tested` counts
    all that were ever tested; those no longer there can't be chosen, but count, for
    what lasts is no random choice of what was begun.
    """
    order = np.argsort(-log_e, kind="stable")
    rank = np.arange(1, len(log_e) + 1)
    passed = log_e[order] >= np.log(max(tested, len(log_e)) / (level * rank))
    chosen = np.zeros(len(log_e), dtype=bool)
    chosen[order[: rank[passed].max(initial=0)]] = True
    return chosen
