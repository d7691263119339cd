"""From pairs to groups: components, and communities inside the large ones."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ml.rings.pairs import Pairs
from ml.rings.place import VIEW_NAMES

SMALLEST: Final = 3
LARGE: Final = 400
# A pair must beat the chance that two accounts belong together at all: log(accounts),
# and leave odds of about e^2 over; and it must agree in two independent ways.
SURPLUS: Final = 2.0
LEAST_VIEWS: Final = 2
BACKED_BY: Final = 2  # others that each member agrees with


def find_groups(pairs: Pairs, accounts: int) -> list[NDArray[np.int64]]:
    """Return the members of each group of at least three, as sorted account codes."""
    needed = np.log(max(accounts, 2)) + SURPLUS
    strong = (pairs.weight >= needed) & (pairs.views >= LEAST_VIEWS)
    # Cells of joint work were chosen as wholes, with their number taken into account.
    strong |= pairs.parts[:, VIEW_NAMES.index("work")] > 0
    strong[strong] = _backed(pairs.left[strong], pairs.right[strong], accounts)
    left, right = pairs.left[strong], pairs.right[strong]
    weight = np.maximum(pairs.weight[strong] - needed, 0.0) + 1.0
    graph = sparse.coo_matrix((weight, (left, right)), (accounts, accounts))
    _, label = connected_components(graph, directed=False)
    groups = []
    for members in _by_label(label):
        if len(members) > LARGE:
            groups += _communities(members, left, right, weight)
        elif len(members) >= SMALLEST:
            groups.append(members)
    return groups


def _backed(
    left: NDArray[np.int64], right: NDArray[np.int64], accounts: int
) -> NDArray[np.bool_]:
    """Return which pairs remain when nobody hangs on by a single other account.

    One chance agreement with one member makes nobody a member.
    """
    kept = np.ones(len(left), dtype=bool)
    while True:
        ends = np.concatenate([left[kept], right[kept]])
        alone = np.bincount(ends, minlength=accounts) < BACKED_BY
        loose = kept & (alone[left] | alone[right])
        if not loose.any():
            return kept
        kept &= ~loose


def _by_label(label: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.diff(label[order])) + 1
    return [part.astype(np.int64) for part in np.split(order, starts) if len(part) > 1]


def _communities(
    members: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> list[NDArray[np.int64]]:
    """Split one large component by Leiden (modularity), seeded."""
    import random

    import igraph  # needed for the rare large component alone

    inside = np.isin(left, members)
    one = np.searchsorted(members, left[inside])
    other = np.searchsorted(members, right[inside])
    graph = igraph.Graph(n=len(members), edges=np.column_stack([one, other]))
    igraph.set_random_number_generator(random.Random(0))  # noqa: S311 - not a secret
    parts = graph.community_leiden("modularity", weights=weight[inside], n_iterations=4)
    found = [members[np.array(part)] for part in parts]
    return [np.sort(part) for part in found if len(part) >= SMALLEST]
