"""The ring pass as one function: read, pair, group, weigh, name the members."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ml.rings.evidence import Term, held_views, shared_values
from ml.rings.judge import Judged
from ml.rings.links import Links
from ml.rings.passes import Pass, full_pass
from ml.rings.place import POINTS, VIEW_NAMES, place
from ml.starter.pins import MANIFESTS

# Of this code and of the starter, by which conduct is judged.
CODE_VERSION: Final = f"6-{crc32(repr(sorted(MANIFESTS.items())).encode()):08x}"
SHOWN_OF_VIEW: Final = 20  # so that work never hides what a sign-up could share
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
    whole = full_pass(backend, as_of=as_of)
    return rings_of(whole), len(whole.links.account)


def rings_of(one: Pass) -> list[FoundRing]:
    """Return the rings of a pass, the largest first."""
    rings = [
        _ring(group, joined, one.links, one.as_of)
        for group, joined in zip(one.groups, one.joined, strict=True)
    ]
    return sorted(
        rings, key=lambda ring: (-len(ring.members), ring.members[0].account_id)
    )


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
    held = links.value[links.rows_of(members)]
    codes, number = np.unique(held[np.isin(held, values)], return_counts=True)
    counts = dict(zip(codes.tolist(), number.tolist(), strict=True))
    order = sorted(
        values.tolist(),
        key=lambda code: (
            -links.strength[code] * counts[code],
            links.kind_of[code],
            links.text_of[code],
        ),
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
