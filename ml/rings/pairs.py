"""From links to pairs of accounts that agree in several independent ways."""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ml.rings.links import Links
from ml.rings.place import VIEW_NAMES

NEIGHBOURS: Final = 10
WEAKEST: Final = 2.0  # a value that says less than this proposes nobody
PAIRS_AT_ONCE: Final = 200_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidate pairs: `left` < `right` are account codes [pairs].

    `parts` is float64 [pairs, views]: the strongest agreement within each view;
    evidence adds up over views because their causes differ.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    parts: NDArray[np.float64]

    @property
    def weight(self) -> NDArray[np.float64]:
        return self.parts.sum(axis=1)

    @property
    def views(self) -> NDArray[np.int64]:
        return (self.parts > 0).sum(axis=1)


def find_pairs(links: Links, of: NDArray[np.bool_] | None = None) -> Pairs:
    """Propose pairs within each value by nearness, then weigh them on all values.

    Holders of a value are ordered twice, by first use and by what else they hold, and
    each is linked to its ten next: at most 20 pairs a link, however many hold it.
    With `of` (bool [accounts]) only the pairs of those accounts are wanted.
    """
    count = len(links.account_ids)
    inside = useful(links)[links.value]
    if of is not None:
        near = np.zeros(len(links.strength), dtype=bool)
        near[links.value[of[links.account]]] = True
        inside &= near[links.value]
    account, value = links.account[inside].astype(np.int64), links.value[inside]
    by_company = np.lexsort((account, _company(links)[account], value))
    keys = [_near(account, value, count, of)]  # links stand by first use
    keys.append(_near(account[by_company], value[by_company], count, of))
    unique = np.unique(np.concatenate(keys))
    left, right = unique // count, unique % count
    return Pairs(left, right, _agreement(links, left, right))


def useful(links: Links) -> NDArray[np.bool_]:
    """Return which values may propose pairs."""
    return (links.strength >= WEAKEST) & (links.holders > 1)


def _company(links: Links) -> NDArray[np.uint64]:
    """Return a hash of each account's strong values: equal company, equal hash.

    It goes by what values are called, so that new ones change nobody else's.
    """
    strong = useful(links)
    mark = np.zeros(len(strong), dtype=np.uint64)
    for code in np.flatnonzero(strong):
        name = f"{links.kind_of[code]}:{links.text_of[code]}"
        mark[code] = crc32(name.encode())
    rows = strong[links.value]
    mixed = mark[links.value[rows]] * np.uint64(0x9E3779B97F4A7C15)
    company = np.full(len(links.account_ids), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(company, links.account[rows], mixed)
    return company


def _near(
    account: NDArray[np.int64],
    value: NDArray[np.int32],
    count: int,
    of: NDArray[np.bool_] | None,
) -> NDArray[np.int64]:
    """Return keys of each holder with its next NEIGHBOURS holders of the same value."""
    keys = []
    for step in range(1, NEIGHBOURS + 1):
        same = value[step:] == value[:-step]
        if of is not None:
            same &= of[account[step:]] | of[account[:-step]]
        one, other = account[step:][same], account[:-step][same]
        low, high = np.minimum(one, other), np.maximum(one, other)
        keys.append((low * count + high)[low != high])
    return np.concatenate(keys) if keys else np.empty(0, dtype=np.int64)


def _agreement(
    links: Links, left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return float64 [pairs, views]: the strongest shared value within each view."""
    parts = np.zeros((len(left), len(VIEW_NAMES)))
    shape = (len(links.account_ids), len(links.strength))
    involved = np.zeros(shape[0], dtype=bool)
    involved[left] = involved[right] = True
    told = involved[links.account] & (links.strength[links.value] > 0)
    account, value = links.account[told], links.value[told]
    view_of = links.view_of[value]
    for view in range(len(VIEW_NAMES)):
        rows, columns = account[view_of == view], value[view_of == view]
        weighed = sparse.csr_matrix((links.strength[columns], (rows, columns)), shape)
        present = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)
        for start in range(0, len(left), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            shared = weighed[left[part]].multiply(present[right[part]])
            parts[part, view] = shared.max(axis=1).toarray().ravel()
    return parts
