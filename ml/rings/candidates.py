"""Whom a ring pass compares each account with: where a ring can be seen at all."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.cells import read_cells
from ml.rings.links import Links, read_links
from ml.rings.pairs import Pairs, find_pairs
from ml.rings.work import with_work

if TYPE_CHECKING:
    import pyarrow as pa

LIMIT: Final = 40


def compared(backend: Any, *, as_of: datetime) -> tuple[Links, Pairs]:
    """Return what each account has and does at T, and which pairs that speaks for.

    `backend` is an Ibis backend that holds what was known at T (ml.schema).
    """
    links = with_work(read_links(backend, as_of=as_of), read_cells(backend))
    return links, find_pairs(links)


def candidates(backend: Any, *, as_of: datetime, limit: int = LIMIT) -> "pa.Table":
    """Return each account's strongest candidates at T, at most `limit` of them.

    Columns left (account), right (candidate), weight (log-likelihood ratio, summed over
    views) and views (in how many they agree), sorted by left, the strongest first.
    """
    import pyarrow as pa  # loaded with the tables

    links, pairs = compared(backend, as_of=as_of)
    left, right, pair = strongest(pairs, limit)
    return pa.table(
        {
            "left": pa.array(links.account_ids[left], pa.string()),
            "right": pa.array(links.account_ids[right], pa.string()),
            "weight": pa.array(pairs.weight[pair], pa.float64()),
            "views": pa.array(pairs.views[pair], pa.int32()),
        }
    )


def strongest(
    pairs: Pairs, limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return account, candidate and place of the pair; equal weights go by code."""
    place = np.tile(np.arange(len(pairs.left)), 2)
    account = np.concatenate([pairs.left, pairs.right])
    other = np.concatenate([pairs.right, pairs.left])
    order = np.lexsort((other, -pairs.weight[place], account))
    account, other, place = account[order], other[order], place[order]
    rank = np.arange(len(account)) - np.searchsorted(account, account)
    kept = rank < limit
    return account[kept], other[kept], place[kept]
