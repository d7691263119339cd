"""Whether a ring's new facts go on as a ring's would, or as those of strangers.

A ring is named for how well its accounts agree; that agreement proves nothing more when
it is looked at again. So the accounts of an earlier pass are tested on facts that are
newer than that pass, and only on values that are new to an account: sharing an old
value once more is no news. Accounts of the same kind, as busy as the members, are put
in their places; how many times as much the members agree is an e-value (ml.rings.
evalues), and so is how many times as evenly they divide their new requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ml.rings.evalues import soft_rank
from ml.rings.evidence import ENOUGH_MEMBERS
from ml.rings.links import Links
from ml.rings.place import VIEW_NAMES
from ml.rings.swaps import DRAWS, Pool, pool
from ml.rings.work import EVEN, ORGANIC, gamma_counts

ROOM: Final = 10  # others for each member, before a region is large enough by itself
PACE: Final = 0.22  # of log-rates in one class: a quarter more


@dataclass(frozen=True, slots=True)
class Standing:
    """A ring as the pass over `since` saw it, to be tested on what came after."""

    name: str
    accounts: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Requests:
    """Of each account, float64 [accounts]: until a moment, over these days; after."""

    before: NDArray[np.float64]
    days: NDArray[np.float64]
    after: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class News:
    """What came after a moment: new links by account, and requests [accounts].

    `value` is sorted by account; those of account `a` and one view stand from
    `start[view, a]` to `start[view, a + 1]`. `near` and `wide` are pools of accounts
    with as many new values in a view, of one region or of all.
    """

    old: NDArray[np.bool_]
    value: tuple[NDArray[np.int32], ...]
    start: tuple[NDArray[np.int64], ...]
    near: tuple[Pool, ...]
    wide: tuple[Pool, ...]
    requests: NDArray[np.float64]
    busy: Pool
    worked: NDArray[np.bool_]


def evidence_since(
    backend: Any,
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
        requests = read_requests(backend, links, since)
        news = news_since(since, links, place, requests)
        for ring in standing:
            if ring.since == since:
                found[ring.name] = evidence(ring, links, news)
    return found


def evidence(ring: Standing, links: Links, news: News) -> float:
    """Return the mean of what new values and new requests say.

    Which of them is asked was settled before: by who had worked until then.
    """
    import pyarrow as pa  # loaded with the tables

    members = np.sort(links.codes(pa.array(ring.accounts, pa.string()))[0])
    if not len(members):
        return 1.0
    first = crc32(str(links.account_ids[members[0]]).encode())
    random = np.random.default_rng([first, int(ring.since.timestamp())])
    found = [_agreement(members, links, news, random)]
    workers = members[news.worked[members]]
    if len(workers) >= ENOUGH_MEMBERS:
        found.append(_division(workers, news, random))
    return float(np.mean(found))


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


def _division(
    workers: NDArray[np.int64], news: News, random: np.random.Generator
) -> float:
    """Compare how evenly new requests are divided: a dispatcher's way or people's."""
    counts = news.requests[news.busy.draw(workers, random)]
    mean = np.maximum(counts.mean(axis=1, keepdims=True), 1e-9)
    ratio = gamma_counts(counts, mean, EVEN) - gamma_counts(counts, mean, ORGANIC)
    score = 1.0 + np.maximum(ratio.sum(axis=1), 0.0)
    return soft_rank(float(score[0]), score[1:])


def news_since(
    since: datetime, links: Links, region: NDArray[np.int64], requests: Requests
) -> News:
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
    worked = requests.before > 0
    rate = np.maximum(requests.before, 1.0) / requests.days
    pace = np.floor(np.log(rate) / PACE).astype(np.int64)
    idle = np.iinfo(np.int64).min
    busy = pool(np.where(worked, pace, idle), random)
    parts = (tuple(values), tuple(starts), tuple(near), tuple(wide))
    return News(tells & ~fresh, *parts, requests.after, busy, worked)


def read_requests(backend: Any, links: Links, since: datetime) -> Requests:
    """Count the exchanges of every account before and after a moment."""
    import pyarrow as pa  # loaded with the tables

    usage = backend.table("usage")
    until = usage.occurred_at <= since
    found = usage.group_by("account_id").agg(
        before=until.sum(),
        after=(~until).sum(),
        first=usage.occurred_at.min(),
    )
    table = found.to_pyarrow()
    at, known = links.codes(table.column("account_id"))
    first = table.column("first").cast(pa.timestamp("us")).cast(pa.int64())
    columns = table.column("before"), table.column("after"), first
    parts = np.zeros((3, len(links.account_ids)))
    for row, column in enumerate(columns):
        parts[row, at] = column.filter(known).to_numpy(zero_copy_only=False)
    days = np.maximum((since.timestamp() - parts[2] / 1e6) / 86_400, 1.0)
    return Requests(parts[0], days, parts[1])
