"""How far a detector's candidates reach, before anything is decided about them.

A ring whose accounts were never compared can't be found by any threshold. What is
missed here is missed in reading; what is reached but not found, in weighing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ml.benchmark.read import Account


def reach(
    truth: Sequence[Account], pairs: Iterable[tuple[str, str]], known: Iterable[str]
) -> dict[str, dict[str, float]]:
    """Return, by level, what candidates say of the ring accounts that were `known`.

    `paired` is the share that is compared with another account of its own ring;
    `joined` the share that stands in its ring's largest connected part.
    """
    existing = set(known)
    members = [one for one in truth if one.ring and one.account_id in existing]
    place = {one.account_id: at for at, one in enumerate(members)}
    ring_of = {one.account_id: one.ring for one in members}
    ends = [
        (place[a], place[b])
        for a, b in pairs
        if a in place and b in place and ring_of[a] == ring_of[b]
    ]
    left, right = np.array(ends, np.int64).reshape(-1, 2).T
    size = (len(members), len(members))
    graph = sparse.coo_matrix((np.ones(len(left)), (left, right)), size)
    _, label = connected_components(graph, directed=False)
    parts = np.bincount(label, minlength=1)
    of_ring: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(members):
        of_ring[str(one.ring)].append(at)
    counts: dict[str, np.ndarray[Any, Any]] = defaultdict(lambda: np.zeros(3))
    for rows in of_ring.values():
        largest = int(parts[label[rows]].max())
        paired = int((parts[label[rows]] > 1).sum())
        for level in (str(members[rows[0]].level), "all"):
            counts[level] += (len(rows), paired, largest if largest > 1 else 0)
    return {
        level: {
            "accounts": float(total),
            "paired": float(paired / total),
            "joined": float(joined / total),
        }
        for level, (total, paired, joined) in sorted(counts.items())
    }


def read_candidates(path: Path) -> list[tuple[str, str]]:
    """Read the pairs of accounts that a ring pass compared."""
    table = pq.read_table(path, columns=["left", "right"])
    return list(zip(*(table.column(at).to_pylist() for at in (0, 1)), strict=True))
