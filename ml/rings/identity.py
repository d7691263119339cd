"""Which ring of this pass is which ring of the last one, and what happened to it.

A ring keeps its name while most of it stays together; growth, loss, split, merger and
end are said in events. A new ring that shares accounts with nobody, yet carries what
bound an old one, is its successor.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

BELONGS: Final = 0.5  # share of the smaller of two rings that makes them one
HEIR_VALUES: Final = 2  # binding values in common, before a ring is a successor
HEIR_VIEWS: Final = 2  # and of so many views


@dataclass(frozen=True, slots=True)
class Known:
    """A ring as one pass saw it: accounts, and its binding values with their views."""

    accounts: frozenset[str]
    bonds: Mapping[str, str]  # `kind:value` -> view


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a ring since the last pass; `other` is the ring it concerns."""

    ring_id: str
    kind: str  # found | changed | split | merged | succeeded | ended
    other: str = ""
    joined: int = 0
    left: int = 0


def match(before: Mapping[str, Known], now: Sequence[Known]) -> dict[int, str]:
    """Return, by place in `now`, the old names that rings keep.

    The pairs that share most accounts are matched first; equal ones by name, so that
    the answer does not depend on order.
    """
    shared = _shared(before, now)
    order = sorted(shared, key=lambda pair: (-shared[pair], pair))
    kept: dict[int, str] = {}
    taken: set[str] = set()
    for name, at in order:
        smaller = min(len(before[name].accounts), len(now[at].accounts))
        if at not in kept and name not in taken and _most(shared[name, at], smaller):
            kept[at] = name
            taken.add(name)
    return kept


def changes(
    before: Mapping[str, Known], now: Sequence[Known], names: Sequence[str]
) -> list[Change]:
    """Return what happened from one pass to the next, by ring; `names` name `now`."""
    shared = _shared(before, now)
    found = [
        _fate(
            before, now[at], name, {old: n for (old, b), n in shared.items() if b == at}
        )
        for at, name in enumerate(names)
    ]
    gone = sorted(set(before) - set(names))
    found += [_end(before[name], name, now, names) for name in gone]
    return [one for one in found if one is not None]


def _fate(
    before: Mapping[str, Known], ring: Known, name: str, shared: Mapping[str, int]
) -> Change | None:
    if name in before:
        same = before[name].accounts & ring.accounts
        joined, left = len(ring.accounts - same), len(before[name].accounts - same)
        return Change(name, "changed", "", joined, left) if joined or left else None
    size = len(ring.accounts)
    origin = max(sorted(shared), key=lambda old: shared[old], default=None)
    if origin is not None and _most(shared[origin], size):
        return Change(name, "split", origin, joined=size)
    heir_of = max(sorted(before), key=lambda old: _bound(before[old], ring), default="")
    if heir_of and _bound(before[heir_of], ring) >= HEIR_VALUES:
        return Change(name, "succeeded", heir_of, joined=size)
    return Change(name, "found", joined=size)


def _end(old: Known, name: str, now: Sequence[Known], names: Sequence[str]) -> Change:
    """Say where the accounts of a ring went that is no more."""
    sizes = [len(old.accounts & ring.accounts) for ring in now]
    at = max(range(len(now)), key=lambda one: sizes[one], default=None)
    if at is not None and _most(sizes[at], len(old.accounts)):
        return Change(name, "merged", names[at], left=len(old.accounts))
    return Change(name, "ended", left=len(old.accounts))


def _bound(old: Known, ring: Known) -> int:
    """Return how many binding values two rings have in common, 0 if all in one view."""
    common = set(old.bonds) & set(ring.bonds)
    views = {ring.bonds[one] for one in common}
    return len(common) if len(views) >= HEIR_VIEWS else 0


def _shared(
    before: Mapping[str, Known], now: Sequence[Known]
) -> Counter[tuple[str, int]]:
    """Count the accounts that each old and each new ring have in common."""
    homes: dict[str, list[str]] = {}
    for name, ring in before.items():
        for account in ring.accounts:
            homes.setdefault(account, []).append(name)
    return Counter(
        (name, at)
        for at, ring in enumerate(now)
        for account in ring.accounts
        for name in homes.get(account, ())
    )


def _most(part: int, whole: int) -> bool:
    return part > BELONGS * whole
