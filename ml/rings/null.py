"""A population in which nobody works together: what a pass finds there is false.

Each view's values move to other accounts of the same stratum, all of one account's to
one other. How many accounts hold a value, and what goes with what inside one view,
stays as it was; only agreement between views is left to chance. What an account asks
stays its own: dealing single exchanges out to others would make of every busy account
a hundred that share its work evenly and never repeat it, which is what a dispatcher
does.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.links import Links
from ml.rings.place import VIEW_NAMES

TRAFFIC: Final = ("shape", "work")  # never apart from the account


def permuted(
    links: Links, stratum: NDArray[np.int64], random: np.random.Generator
) -> Links:
    """Return the links with each view permuted among accounts of equal `stratum`.

    `stratum` is int64 [accounts]: such as network class, plan and month of sign-up.
    """
    account = links.account.copy()
    for view, name in enumerate(VIEW_NAMES):
        if name in TRAFFIC:
            continue
        rows = links.view_of[links.value] == view
        account[rows] = _shuffled(stratum, random)[account[rows]]
    order = np.lexsort((account, links.first, links.value))
    trusted = np.bincount(
        links.value, links.is_trusted[account], minlength=len(links.strength)
    )
    return replace(
        links,
        account=account[order],
        value=links.value[order],
        first=links.first[order],
        trusted=trusted.astype(np.int64),
    )


def _shuffled(
    stratum: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int32]:
    """Return, for each account, another of its stratum; each is taken once."""
    sorted_once = np.lexsort((np.arange(len(stratum)), stratum))
    mixed = np.lexsort((random.random(len(stratum)), stratum))
    target = np.empty(len(stratum), dtype=np.int32)
    target[sorted_once] = mixed
    return target
