"""What a proven ring has in common, and who else carries it.

Groups are formed from pairs, which must be sure of themselves. Once a group is proven,
far weaker agreement suffices: its values are compared with those of everybody else,
and an account joins when these likelihood ratios beat the odds of being a stranger.
Reserves, second pools and parts of one ring that pairs left apart come together so.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.links import Links
from ml.rings.place import CAP, VIEW_NAMES

LEAST_CORE: Final = 5  # fewer are no sample of what a ring does
LEAST_VIEWS: Final = 2
MOST: Final = 0.5  # share of a group that carries another's fingerprint: one ring
SPEAKS: Final = 1.0  # log-likelihood ratio from which a view counts as agreeing
SURPLUS: Final = 4.0  # odds of about 50 that a newcomer belongs


def merge(groups: list[NDArray[np.int64]], links: Links) -> list[NDArray[np.int64]]:
    """Return proven groups with those joined whose members carry one fingerprint."""
    waiting = sorted(groups, key=lambda group: (-len(group), int(group[0])))
    merged: list[NDArray[np.int64]] = []
    while waiting:
        core = waiting.pop(0)
        fits = belonging(core, links) > 0
        same = [part for part in waiting if fits[part].mean() > MOST]
        waiting = [part for part in waiting if fits[part].mean() <= MOST]
        merged.append(np.unique(np.concatenate([core, *same])))
    return merged


def newcomers(groups: list[NDArray[np.int64]], links: Links) -> list[NDArray[np.int64]]:
    """Return, per proven group, the accounts outside of all that join it."""
    best = np.zeros(len(links.account_ids))
    chosen = np.full(len(links.account_ids), -1, dtype=np.int64)
    for at, group in enumerate(groups):
        surplus = belonging(group, links)
        better = surplus > best
        best[better], chosen[better] = surplus[better], at
    taken = np.concatenate(groups) if groups else np.empty(0, dtype=np.int64)
    chosen[taken] = -1
    return [np.flatnonzero(chosen == at) for at in range(len(groups))]


def belonging(core: NDArray[np.int64], links: Links) -> NDArray[np.float64]:
    """Return by how much each account beats the odds of a stranger, 0 if not at all.

    float64 [accounts], in log-odds.
    """
    total = len(links.account_ids)
    if len(core) < LEAST_CORE:
        return np.zeros(total)
    parts = _agreement(core, links)
    score = parts.sum(axis=0) - np.log(total / len(core)) - SURPLUS
    agrees = (parts >= SPEAKS).sum(axis=0) >= LEAST_VIEWS
    return np.where(agrees, np.maximum(score, 0.0), 0.0)


def _agreement(core: NDArray[np.int64], links: Links) -> NDArray[np.float64]:
    """Return float64 [views, accounts]: the strongest ratio of each view."""
    total, members = len(links.account_ids), len(core)
    codes, held = np.unique(links.value[links.rows_of(core)], return_counts=True)
    telling = (held > 1) & (links.strength[codes] > 0)
    told, held = codes[telling].astype(np.int64), held[telling]
    within = held / (members + 1.0)
    outside = (links.holders[told] - held + 0.5) / (total - members + 1.0)
    ratio = np.clip(np.log(within / outside), 0.0, CAP)
    parts = np.zeros((len(VIEW_NAMES), total))
    rows = links.holding(told)
    speaks = np.repeat(ratio, links.holders[told])
    view = links.view_of[links.value[rows]]
    np.maximum.at(parts, (view, links.account[rows]), speaks)
    return parts
