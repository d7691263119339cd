"""The ring pass as one function: read, pair, group, weigh, name the members."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.candidates import compared
from ml.rings.evidence import Conduct, Term, conduct_of, held_views, shared_values
from ml.rings.fingerprint import merge, newcomers
from ml.rings.groups import find_groups
from ml.rings.judge import Judged, judge
from ml.rings.links import Links
from ml.rings.place import POINTS, VIEW_NAMES, place
from ml.rings.strangers import Standing, evidence_since

CODE_VERSION: Final = "4"
SHOWN_OF_VIEW: Final = 20  # so that work never hides what a sign-up could share
PROVEN: Final = 0.9  # of a group, before its fingerprint gathers others
TENURE: Final = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class FoundMember:
    """One account of a ring; `agreement` is m in [0, 1]."""

    account_id: str
    level: str
    agreement: float
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundRing:
    """A group with the terms of its log-odds and the values that hold it together."""

    members: tuple[FoundMember, ...]
    log_odds: float
    probability: float
    views: tuple[str, ...]
    terms: tuple[Term, ...]
    values: tuple[dict[str, Any], ...]
    first_seen_at: datetime


def find(backend: Any, *, as_of: datetime) -> tuple[list[FoundRing], int]:
    """Return the rings known at T, largest first, and the number of links read.

    `backend` is an Ibis backend that holds what was known at T (ml.schema).
    """
    rings, links, _ = find_and_test(backend, as_of=as_of)
    return rings, links


def find_and_test(
    backend: Any, *, as_of: datetime, standing: Sequence[Standing] = ()
) -> tuple[list[FoundRing], int, dict[str, float]]:
    """Find rings as above, and test earlier ones on what came after them.

    The third answer is the e-value of each standing ring's new facts, by name.
    """
    links, pairs = compared(backend, as_of=as_of)
    groups = find_groups(pairs, len(links.account_ids))
    conduct = conduct_of(backend, links)
    rings = [
        _ring(group, joined, links, as_of)
        for group, joined in _gathered(backend, groups, conduct, links)
    ]
    rings.sort(key=lambda ring: (-len(ring.members), ring.members[0].account_id))
    tested = evidence_since(backend, links, conduct.region, standing)
    return rings, len(links.account), tested


def _gathered(
    backend: Any, groups: list[NDArray[np.int64]], conduct: Conduct, links: Links
) -> list[tuple[Judged, NDArray[np.int64]]]:
    """Judge the groups, and let proven ones merge and gather who belongs to them."""
    judged = judge(backend, groups, conduct, links)
    sure = {one.members.tobytes(): one for one in judged if one.probability >= PROVEN}
    whole = merge([one.members for one in sure.values()], links)
    merged = [group for group in whole if group.tobytes() not in sure]
    again = iter(judge(backend, merged, conduct, links))
    proven = [sure.get(group.tobytes()) or next(again) for group in whole]
    joined = newcomers(whole, links)
    taken = np.concatenate([*whole, *joined, np.empty(0, np.int64)])
    apart = [
        (one, one.members[:0])
        for one in judged
        if one.probability < PROVEN and not np.isin(one.members, taken).all()
    ]
    return [*zip(proven, joined, strict=True), *apart]


def _ring(
    group: Judged, joined: NDArray[np.int64], links: Links, as_of: datetime
) -> FoundRing:
    members = np.sort(np.concatenate([group.members, joined]))
    values = shared_values(members, links)
    held = held_views(members, values, links)
    holding = (held > 0).mean(axis=0)
    tenured = links.created[members] < _microseconds(as_of - TENURE)
    found = [
        _member(str(links.account_ids[code]), held[row], bool(tenured[row]))
        for row, code in enumerate(members)
    ]
    return FoundRing(
        members=tuple(sorted(found, key=lambda one: (-one.agreement, one.account_id))),
        log_odds=group.log_odds,
        probability=group.probability,
        views=tuple(
            name
            for name, part in zip(VIEW_NAMES, holding, strict=True)
            if part >= 0.5  # noqa: PLR2004 - half of the members
        ),
        terms=group.terms,
        values=_shown(members, values, links),
        first_seen_at=datetime.fromtimestamp(
            int(links.created[members].min()) / 1_000_000, tz=UTC
        ),
    )


def _member(account_id: str, held: NDArray[np.float64], tenured: bool) -> FoundMember:
    parts = zip(VIEW_NAMES, held, strict=True)
    shared = [(name, part * POINTS) for name, part in parts if part > 0]
    level, agreement, views = place(shared, tenured=tenured)
    return FoundMember(account_id, level, agreement, views)


def _shown(
    members: NDArray[np.int64], values: NDArray[np.int64], links: Links
) -> tuple[dict[str, Any], ...]:
    """Return what holds the group together, the strongest first, some of each view."""
    inside = np.isin(links.account, members) & np.isin(links.value, values)
    counts = np.bincount(links.value[inside], minlength=len(links.strength))
    order = sorted(
        values, key=lambda code: (-links.strength[code] * counts[code], code)
    )
    room = Counter(dict.fromkeys(range(len(VIEW_NAMES)), SHOWN_OF_VIEW))
    shown = []
    for code in order:
        room[view := int(links.view_of[code])] -= 1
        if room[view] >= 0:
            shown.append(code)
    return tuple(
        {
            "kind": str(links.kind_of[code]),
            "value": str(links.text_of[code]),
            "view": VIEW_NAMES[links.view_of[code]],
            "members": int(counts[code]),
            "elsewhere": int(links.holders[code] - counts[code]),
            "trusted": int(links.trusted[code]),
            "points": round(float(links.strength[code]) * POINTS, 2),
        }
        for code in shown
    )


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
