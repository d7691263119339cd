"""Whether a ring's new facts go on as a ring's would, or as those of strangers.

A ring is named for how well its accounts agree; that agreement proves nothing more when
it is looked at again. So the accounts of an earlier pass are tested on facts that are
newer than that pass, and only on values that are new to an account: sharing an old
value once more is no news. Accounts with as many new values are put in the members'
places; how many times as much the members agree is an e-value (ml.rings.evalues).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ml.rings.evalues import soft_rank
from ml.rings.links import Links
from ml.rings.place import VIEW_NAMES
from ml.rings.swaps import DRAWS, Pool, pool

ROOM: Final = 10  # others for each member, before a region is large enough by itself


@dataclass(frozen=True, slots=True)
class Standing:
    """A ring as the pass over `since` saw it, to be tested on what came after."""

    name: str
    accounts: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What came after a moment: new links, by account.

    `value` is sorted by account; those of account `a` and one view stand from
    `start[view, a]` to `start[view, a + 1]`. `near` and `wide` are pools of accounts
    with as many new values in a view, of one region or of all.
    """

    old: NDArray[np.bool_]
    value: tuple[NDArray[np.int32], ...]
    start: tuple[NDArray[np.int64], ...]
    near: tuple[Pool, ...]
    wide: tuple[Pool, ...]


def evidence_since(
    links: Links,
    region: NDArray[np.object_],
    standing: Sequence[Standing],
) -> dict[str, float]:
    """Return the e-value of each ring's new facts, by name.

    `region` is a name [accounts]: strangers come from one region where it is large
    enough, because new networks are given out by region.
    """
    found: dict[str, float] = {}
    if not standing:
        return found
    place = np.unique(region, return_inverse=True)[1]
    for since in sorted({ring.since for ring in standing}):
        news = news_since(since, links, place)
        for ring in standing:
            if ring.since == since:
                found[ring.name] = evidence(ring, links, news)
    return found


def evidence(ring: Standing, links: Links, news: News) -> float:
    """Return how many times as well as strangers the accounts of a ring go on."""
    import pyarrow as pa  # loaded with the tables

    members = np.sort(links.codes(pa.array(ring.accounts, pa.string()))[0])
    if not len(members):
        return 1.0
    first = crc32(str(links.account_ids[members[0]]).encode())
    random = np.random.default_rng([first, int(ring.since.timestamp())])
    return _agreement(members, links, news, random)


def _agreement(
    members: NDArray[np.int64], links: Links, news: News, random: np.random.Generator
) -> float:
    """Compare how well new values agree within the ring and with what it had."""
    inside = np.zeros(len(links.account_ids), dtype=bool)
    inside[members] = True
    mine = news.old & inside[links.account]
    kinds = len(links.strength)
    had = np.bincount(links.value[mine], minlength=kinds)
    row = np.searchsorted(members, links.account[mine])
    own = np.sort(row * kinds + links.value[mine])
    score = np.zeros(DRAWS + 1)
    for view in range(len(VIEW_NAMES)):
        start = news.start[view]
        slots = np.flatnonzero(start[members + 1] > start[members])
        if not len(slots):
            continue
        near = news.near[view].room(members[slots]) >= ROOM
        chosen = news.near[view] if near else news.wide[view]
        who = chosen.draw(members[slots], random)
        score += _shared(who, slots, start, news.value[view], had, own, links.strength)
    return soft_rank(1.0 + score[0], 1.0 + score[1:])


def _shared(
    who: NDArray[np.int64],
    slots: NDArray[np.int64],
    start: NDArray[np.int64],
    value: NDArray[np.int32],
    had: NDArray[np.int64],
    own: NDArray[np.int64],
    strength: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum, over places, the strongest new value that another member holds: [draws].

    `who` [draws, places] brings new values to the places `slots`; `had` counts old
    holders of each value, `own` names (place, value) that a place itself held.
    """
    kinds = len(strength)
    counts = (start[who + 1] - start[who]).ravel()
    cell = np.repeat(np.arange(who.size), counts)
    ends = np.cumsum(counts)
    offset = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    brought = value[np.repeat(start[who].ravel(), counts) + offset].astype(np.int64)
    draw, place = cell // who.shape[1], cell % who.shape[1]
    _, back, together = np.unique(
        draw * kinds + brought, return_inverse=True, return_counts=True
    )
    held = _within(slots[place] * kinds + brought, own)
    others = had[brought] - held + together[back] - 1
    best = np.zeros(who.size)
    np.maximum.at(best, cell, np.where(others > 0, strength[brought], 0.0))
    return best.reshape(who.shape).sum(axis=1)


def _within(wanted: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of `wanted` stand in the sorted `known`."""
    if not len(known):
        return np.zeros(len(wanted), dtype=bool)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return known[at] == wanted


def news_since(since: datetime, links: Links, region: NDArray[np.int64]) -> News:
    """Sort out what is new since then, and who is of one kind with whom."""
    total = len(links.account_ids)
    fresh = links.first > int(since.timestamp() * 1_000_000)
    tells = links.strength[links.value] > 0
    view_of = links.view_of[links.value]
    random = np.random.default_rng(int(since.timestamp()))
    values, starts, near, wide = [], [], [], []
    for view in range(len(VIEW_NAMES)):
        rows = np.flatnonzero(fresh & tells & (view_of == view))
        rows = rows[np.argsort(links.account[rows], kind="stable")]
        count = np.bincount(links.account[rows], minlength=total)
        bucket = np.frexp(count)[1].astype(np.int64)  # 0, 1, 2-3, 4-7 and so on
        values.append(links.value[rows])
        starts.append(np.concatenate([[0], np.cumsum(count)]))
        near.append(pool(bucket * (int(region.max(initial=0)) + 1) + region, random))
        wide.append(pool(bucket, random))
    parts = (tuple(values), tuple(starts), tuple(near), tuple(wide))
    return News(tells & ~fresh, *parts)
