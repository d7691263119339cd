"""Proven groups that share no work, and yet are one operator's.

A dispatcher may deal each shard a data set of its own, so that nothing is asked in two
of them. Networks, software and wordings of two shards agree, but so do those of two
operators: they are bought of the same sellers or copied. What an operator buys for
itself - cards, devices, addresses, telephone numbers - is shared with no other. So two
proven groups are one where such goods agree in two ways, beyond what the rest of the
site and the other proven groups hold of them.
"""

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ml.rings.links import Links
from ml.rings.place import CAP

# The way in which each kind of goods is bought.
GOODS: Final[dict[str, str]] = {
    "card": "payment",
    "bin_day": "payment",
    "payer": "payment",
    "device": "device",
    "email": "identity",
    "phone": "identity",
    "address": "identity",
    "registration": "identity",
    "phone_block": "numbers",
}
WAYS: Final = tuple(sorted(set(GOODS.values())))
LEAST_WAYS: Final = 2
SPEAKS: Final = 1.0  # log-likelihood ratio from which a way counts as agreeing
SURPLUS: Final = 4.0  # over the odds that two of the groups are one: about 50


def united(groups: list[NDArray[np.int64]], links: Links) -> list[NDArray[np.int64]]:
    """Return the groups with those joined that hold the same goods; order by first."""
    if len(groups) < 2:  # noqa: PLR2004 - a pair
        return groups
    agreed = goods_in_common(groups, links)
    needed = np.log(len(groups) * (len(groups) - 1) / 2) + SURPLUS
    enough = np.minimum(agreed, CAP).sum(axis=2) >= needed
    enough &= (agreed >= SPEAKS).sum(axis=2) >= LEAST_WAYS
    _, label = connected_components(sparse.csr_matrix(enough), directed=False)
    _, first = np.unique(label, return_index=True)
    return [
        np.unique(np.concatenate([groups[at] for at in np.flatnonzero(label == one)]))
        for one in label[np.sort(first)]
    ]


def goods_in_common(
    groups: list[NDArray[np.int64]], links: Links
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio of shared goods: [groups, groups, ways].

    Both ways round are reckoned, and the weaker counts.
    """
    codes, counts = _held(groups, links)
    size = np.array([len(group) for group in groups], dtype=float)
    ratio = np.zeros((len(groups), len(groups), len(WAYS)))
    for code, held in zip(codes, counts, strict=True):
        way = WAYS.index(GOODS[str(links.kind_of[code])])
        among = held.sum()
        for one, other in combinations(np.flatnonzero(held), 2):
            both, sizes = held[one] + held[other], size[one] + size[other]
            site = (links.holders[code] - both + 0.5) / (len(links.account_ids) - sizes)
            rest = (among - both + 0.5) / (size.sum() - sizes + 1.0)
            share = max(site, rest)
            ratio[one, other, way] += _excess(held[other], share * size[other])
            ratio[other, one, way] += _excess(held[one], share * size[one])
    return np.minimum(ratio, ratio.transpose(1, 0, 2))


def _held(
    groups: list[NDArray[np.int64]], links: Links
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return goods that two groups hold, and how many do: [goods], [goods, groups]."""
    goods = np.isin(links.kind_of, list(GOODS)) & (links.strength > 0)
    found = [links.value[links.rows_of(group)] for group in groups]
    found = [value[goods[value]] for value in found]
    kinds = [np.unique(value) for value in found]
    codes, users = np.unique(np.concatenate(kinds), return_counts=True)
    codes = codes[users > 1]
    counts = np.zeros((len(codes), len(groups)), dtype=np.int64)
    for at, value in enumerate(found):
        inside = value[np.isin(value, codes)]
        np.add.at(counts[:, at], np.searchsorted(codes, inside), 1)
    return codes, counts


def _excess(seen: int, expected: float) -> float:
    """Return the log-likelihood ratio of a count beyond the expected one (Poisson)."""
    if seen <= expected:
        return 0.0
    return float(seen * np.log(seen / expected) - (seen - expected))
