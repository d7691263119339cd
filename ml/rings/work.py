"""How the accounts of a cell share its work: a dispatcher's way, or people's own ways.

Two likelihood ratios that add up. People who happen to ask alike repeat each other now
and then and differ widely in how much they ask; a dispatcher hands every item of one
data set to one account only, and about as many to each. What is usual among people is
learnt on the site itself, from the cells in which something repeats.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.cells import Cells
from ml.rings.evalues import e_bh
from ml.rings.links import Links
from ml.rings.place import CAP, VIEW_NAMES

WORK: Final = VIEW_NAMES.index("work")
MICROSECONDS: Final = 86_400e6  # of a day
# Log standard deviation of members' rates: a jittered even split, and organic use.
EVEN, ORGANIC = 0.5, 1.25
COMMON, FEW = 0.05, 5  # share of the trusted, and a number that small sites allow
LEAST_ORGANIC: Final = 8  # cells with repeats, before the site's own rate is known
# Until then a rate that spans five orders of magnitude (shape, 1 / scale), and the
# absence of repeats says nothing: only their presence does.
BROAD: Final = (0.3, 100.0)
SHARDED: Final = 0.95  # chance that a sharded data set shows no repeat at all
SHARDED_SHARE: Final = 1e-3  # of the organic rate, where it shows some
MOST: Final = 6.0  # what the absence of repeats may say
FALSE_CELLS: Final = 0.1  # expected share of organic cells among those named


def division(cells: Cells) -> NDArray[np.float64]:
    """Return the log-likelihood ratio [cells] of a dispatcher against people."""
    return _evenness(cells) + _repeat_deficit(cells)


def named(ratio: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which cells are dispatched, by e-BH: few false ones under any dependence.

    A likelihood ratio is an e-value: its mean is at most 1 where people are at work.
    """
    return e_bh(ratio, tested=len(ratio), level=FALSE_CELLS)


def with_work(links: Links, cells: Cells) -> Links:
    """Add dispatched cells as values of their users, and clear what is used freely.

    A scaffold or schema whose users behave like unrelated people says nothing about
    who is behind them, however rare it is.
    """
    account, known = links.codes(cells.account_id)
    cells = cells.only(known.to_numpy(zero_copy_only=False))
    ratio = division(cells)
    strength = links.strength.copy()
    strength[_places(links, cells.value[ratio < 0])] = 0.0
    rare = ~_common(links, cells, account)
    chosen = np.flatnonzero(rare)[named(ratio[rare])]
    inside = np.isin(cells.cell, chosen)
    value = np.searchsorted(chosen, cells.cell[inside])
    account = account[inside]
    first = np.rint(cells.first[inside] * MICROSECONDS).astype(np.int64)
    order = np.lexsort((account, first, value))
    trusted = np.bincount(value, links.is_trusted[account], len(chosen))
    return replace(
        links,
        account=np.append(links.account, account[order].astype(np.int32)),
        value=np.append(links.value, (value[order] + len(strength)).astype(np.int32)),
        first=np.append(links.first, first[order]),
        kind_of=np.append(links.kind_of, np.full(len(chosen), "joint_work", object)),
        text_of=np.append(links.text_of, cells.value[chosen]),
        view_of=np.append(links.view_of, np.full(len(chosen), WORK, np.int8)),
        strength=np.append(strength, np.minimum(ratio[chosen], CAP)),
        holders=np.append(links.holders, np.bincount(value, minlength=len(chosen))),
        trusted=np.append(links.trusted, trusted.astype(np.int64)),
    )


def _common(
    links: Links, cells: Cells, account: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which cells so many trusted accounts use that no operator owns them."""
    trusted = np.bincount(
        cells.cell, links.is_trusted[account], minlength=len(cells.value)
    )
    return trusted > FEW + COMMON * int(links.is_trusted.sum())


def _places(links: Links, names: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the codes of those `kind:value` that are values of accounts."""
    import pyarrow as pa  # loaded with the tables
    import pyarrow.compute as pc

    own = pc.binary_join_element_wise(
        pa.array(links.kind_of, pa.string()), pa.array(links.text_of, pa.string()), ":"
    )
    found = pc.is_in(own, pa.array(names, pa.string()))
    return np.flatnonzero(found.to_numpy(zero_copy_only=False))


def _evenness(cells: Cells) -> NDArray[np.float64]:
    """Compare how uses per day of presence spread: even split against heavy tail."""
    days = cells.last - cells.first + 1.0
    count = len(cells.value)
    present = np.bincount(cells.cell, days, count)
    rate = np.bincount(cells.cell, cells.uses, count) / np.maximum(present, 1.0)
    expected = rate[cells.cell] * days
    terms = _recurring(cells.uses, expected, EVEN)
    terms -= _recurring(cells.uses, expected, ORGANIC)
    return np.bincount(cells.cell, terms, count).astype(np.float64)


def _recurring(
    uses: NDArray[np.float64], expected: NDArray[np.float64], spread: float
) -> NDArray[np.float64]:
    """Log-chance of a count of gamma-mixed rates, given that it is two or more."""
    from scipy.special import gammaln  # loaded by the processes that find rings

    shape = 1.0 / np.expm1(spread**2)
    idle = np.log(shape / (shape + expected))
    busy = np.log(expected / (shape + expected))
    chance = gammaln(uses + shape) - gammaln(shape) - gammaln(uses + 1)
    chance += shape * idle + uses * busy
    fewer = np.exp(shape * idle) * (1.0 + shape * np.exp(busy))
    return chance - np.log1p(-np.minimum(fewer, 1.0 - 1e-9))


def _repeat_deficit(cells: Cells) -> NDArray[np.float64]:
    """Compare how often two accounts sent the same filler: never, or as people do."""
    known = cells.chances > 0
    repeated = known & (cells.meetings > 0)
    ratio = np.zeros(len(cells.value))
    learnt = int(repeated.sum()) >= LEAST_ORGANIC
    shape, scale = BROAD
    if learnt:
        shape, scale = _organic_rate(cells.meetings[repeated], cells.chances[repeated])
    met, chances = cells.meetings[known], cells.chances[known]
    usual = _gamma_poisson(met, chances, shape, scale)
    low = 2.0 / (shape / scale * SHARDED_SHARE)
    some = np.log1p(-SHARDED) + _gamma_poisson(met, chances, 2.0, low)
    sharded = np.where(met == 0, np.log(SHARDED), some)
    ratio[known] = np.clip(sharded - usual, -20.0, MOST if learnt else 0.0)
    return ratio


def _organic_rate(
    met: NDArray[np.float64], chances: NDArray[np.float64]
) -> tuple[float, float]:
    """Fit gamma-distributed rates to cells with repeats (chance of none left out)."""
    from scipy.optimize import minimize  # loaded by the processes that find rings

    def surprise(logs: NDArray[np.float64]) -> float:
        shape, scale = np.exp(np.clip(logs, -15.0, 25.0))
        none = _gamma_poisson(np.zeros(len(met)), chances, shape, scale)
        some = np.log1p(-np.minimum(np.exp(none), 1.0 - 1e-12))
        return -float((_gamma_poisson(met, chances, shape, scale) - some).sum())

    mean = float(met.sum() / chances.sum())
    start = np.log([0.5, 0.5 / mean])
    fitted = minimize(surprise, start, method="Nelder-Mead")
    shape, scale = np.exp(np.clip(fitted.x, -15.0, 25.0))
    return float(shape), float(scale)


def _gamma_poisson(
    met: NDArray[np.float64], chances: NDArray[np.float64], shape: float, scale: float
) -> NDArray[np.float64]:
    """Log-chance of `met` in `chances` whose rate is gamma (shape, 1/scale)."""
    from scipy.special import gammaln, xlogy  # as above

    chance = gammaln(met + shape) - gammaln(shape) - gammaln(met + 1)
    chance += shape * np.log(scale / (scale + chances))
    return chance + xlogy(met, chances / (scale + chances))
