"""How likely a group is one operator: log-odds that add up, each from a mechanism.

The weights are set by hand from the mechanisms they stand for; they are not fitted.
Positive: several independent views hold the group; a dispatcher splits work evenly;
one data set is sharded without repeats; members were confirmed. Negative: few members,
no joint conduct, trusted or permitted members, one declared organization, a
heavy-tailed organic split, repeats.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.conduct import Conduct
from ml.rings.links import Links
from ml.rings.place import CAP, VIEW_NAMES

PRIOR: Final = -2.0
HELD_BY: Final = 0.5  # a view holds a group when half of it shares a value
ENOUGH_REQUESTS: Final = 40
ENOUGH_MEMBERS: Final = 5
ENOUGH_SHARERS: Final = 3
USUAL_HOME: Final = 8  # groups smaller than this are usually a home or an office


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the sum: what was seen, in words, and its log-odds."""

    name: str
    value: float
    log_odds: float


def weigh(
    members: NDArray[np.int64],
    held: NDArray[np.float64],
    conduct: Conduct,
    links: Links,
    repeats: float,
    work: float,
) -> list[Term]:
    """Return the terms of one group.

    `held` is float64 [members, views]: each member's strongest shared value;
    `repeats` is the share of fillers of the group seen in two accounts, NaN if unseen;
    `work` is the log-likelihood ratio of the cells that members divide among them;
    age and a verified address, which can be bought, explain such a division less.
    """
    holding = _independent(held)
    trusted = float(links.is_trusted[members].mean())
    permitted = float(conduct.permitted[members].mean())
    declared = _declared_share(conduct.declared[members])
    work *= 1.0 - max(declared, permitted)  # who says so may divide its own work
    terms = [
        Term("prior", 1.0, PRIOR),
        Term("independent_views", holding, 1.6 * (holding - 1.0)),
        _size(len(members)),
        _conduct(held),
        Term("trusted_share", trusted, (-1.0 if work > 0 else -2.0) * trusted),
        Term("permitted_share", permitted, -4.0 * permitted),
        Term("declared_together_share", declared, -8.0 * declared),
        *_sharing(work, conduct.requests[members], repeats),
        _confirmed(conduct.confirmed[members]),
    ]
    return [term for term in terms if term.log_odds != 0.0]


def _independent(held: NDArray[np.float64]) -> float:
    """Return how many independent views hold the group.

    A view that everybody shares a little counts a little: it is worth its members'
    mean strength, 1 at the cap. One home explains a shared wallet, device, network and
    address at once, so in a group as small as a home these count as two at most.
    """
    holds = (held > 0).mean(axis=0) >= HELD_BY
    worth = np.where(holds, held.sum(axis=0) / np.maximum((held > 0).sum(axis=0), 1), 0)
    worth = worth / CAP
    worth[VIEW_NAMES.index("work")] = 0.0  # weighed by its own term
    shape = float(worth[VIEW_NAMES.index("shape")])
    others = float(worth.sum()) - shape
    return shape + (min(others, 2.0) if len(held) < USUAL_HOME else others)


def _size(count: int) -> Term:
    """Weigh how many: families and small offices are 3 to 7, campaigns are more."""
    log_odds = float(np.clip(2.0 * math.log(count / USUAL_HOME), -2.5, 1.0))
    return Term("members", count, log_odds)


def _conduct(held: NDArray[np.float64]) -> Term:
    """Doubt a group that shares a home or a wallet, but no way of asking."""
    share = float((held[:, VIEW_NAMES.index("shape")] > 0).mean())
    return Term("joint_conduct_share", share, 0.0 if share >= HELD_BY else -1.5)


def _sharing(
    work: float, requests: NDArray[np.float64], repeats: float
) -> tuple[Term, ...]:
    """Weigh how work is shared: in the cells where that shows, else over all traffic.

    Over all traffic, members' own use and cover hide it; so it counts only once.
    """
    if work > 0:
        return (Term("divided_work", work, min(work, CAP)),)
    return _evenness(requests), _repeats(repeats)


def _declared_share(declared: NDArray[np.object_]) -> float:
    """Return the share declared as one customer, not a ring; it takes two to share."""
    named = Counter(name for name in declared if name is not None)
    most = max(named.values(), default=0)
    return max(most - 1, 0) / (len(declared) - 1)


def _evenness(requests: NDArray[np.float64]) -> Term:
    """Spread of the members' rates by the method of moments (log standard deviation).

    Load-balanced pools lie near 0, organic groups at 1 to 2 (heavy tails).
    """
    seen = requests[requests > 0]
    if len(seen) < ENOUGH_MEMBERS or seen.sum() < ENOUGH_REQUESTS:
        return Term("rate_spread", math.nan, 0.0)
    mean, variance = float(seen.mean()), float(seen.var())
    spread = math.sqrt(math.log1p(max(0.0, variance - mean) / mean**2))
    return Term("rate_spread", spread, float(np.clip(2.0 * (0.9 - spread), -2.0, 1.5)))


def _repeats(repeats: float) -> Term:
    """Weigh repeats: a sharded data set has none over accounts, a shared task has."""
    if math.isnan(repeats):
        return Term("repeated_filler_share", math.nan, 0.0)
    return Term("repeated_filler_share", repeats, 1.5 if repeats < 0.01 else -2.0)  # noqa: PLR2004 - next to none


def _confirmed(confirmed: NDArray[np.float64]) -> Term:
    known = confirmed[~np.isnan(confirmed)]
    if not len(known):
        return Term("confirmed_share", math.nan, 0.0)
    bad = float(known.sum())
    odds = math.log((bad + 0.5) / (len(known) - bad + 0.5))
    return Term("confirmed_share", bad / len(known), float(np.clip(odds, -3.0, 3.0)))


def shared_values(members: NDArray[np.int64], links: Links) -> NDArray[np.int64]:
    """Return the value codes that at least two members hold and that say something."""
    held = links.value[links.rows_of(members)]
    codes, counts = np.unique(held[links.strength[held] > 0], return_counts=True)
    return codes[counts > 1].astype(np.int64)


def divided_work(
    members: NDArray[np.int64], values: NDArray[np.int64], links: Links
) -> float:
    """Return the sum of the ratios of cells of one sort that three members share.

    Cells of different sorts (scaffolds, schemas, bands) hold the same exchanges: the
    sort that says most speaks.
    """
    work = values[links.kind_of[values] == "joint_work"]
    held = links.value[links.rows_of(members)]
    codes, users = np.unique(held[np.isin(held, work)], return_counts=True)
    best: dict[str, float] = {}
    for code in codes[users >= ENOUGH_SHARERS]:
        sort = str(links.text_of[code]).split(":", 1)[0]
        best[sort] = best.get(sort, 0.0) + float(links.strength[code])
    return max(best.values(), default=0.0)


def held_views(
    members: NDArray[np.int64], values: NDArray[np.int64], links: Links
) -> NDArray[np.float64]:
    """Return float64 [members, views]: each member's strongest shared value."""
    mine = links.rows_of(members)
    mine = mine[np.isin(links.value[mine], values)]
    row = np.searchsorted(members, links.account[mine])
    view = links.view_of[links.value[mine]]
    held = np.zeros((len(members), len(VIEW_NAMES)))
    np.maximum.at(held, (row, view), links.strength[links.value[mine]])
    return held
