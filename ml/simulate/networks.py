"""Which addresses each account uses: two address pools and how often the second."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.addresses import CAMPUSES, RANGE, RANGE6, SCATTER, AddressPlan
from ml.simulate.seeds import Columns, below, mix, uniform

_SYSTEM_OF: Final = {"cloud_wide": "cloud", "mobile_wide": "mobile"}
_WHOLE: Final = 1 << 16
SLOT_FIELDS: Final = ("mode", "base", "size", "lease", "geo")
# pool size and days on one address, by kind of network
_SIZE: Final = {
    "home": (_WHOLE, 14.0),
    "mobile": (24, 0.4),
    "office": (2, 30.0),
    "cloud": (3, 20.0),
    "cloud_wide": (2048, 0.02),
    "vpn": (100, 0.3),
    "tor": (60, 0.05),
    "relay": (200, 0.2),
    "campus": (8, 0.5),
    "venue": (3, 0.5),
    "gateway": (8, 0.2),
}


def draw_slots(
    rng: np.random.Generator,
    plan: AddressPlan,
    kinds: NDArray[np.object_],
    country: NDArray[np.int64],
    owner: NDArray[np.int64],
) -> Columns:
    """Return the pool columns of each account, [n].

    Accounts with one `owner` (campus, venue, gateway, flat) get the same pool where the
    kind of network is a shared one.
    """
    n = len(kinds)
    slot: Columns = {
        "mode": np.full(n, RANGE, np.int8),
        "base": np.zeros(n, np.uint64),
        "size": np.ones(n, np.int64),
        "lease": np.ones(n),
        "geo": np.full(n, -1, np.int64),
    }
    for kind in dict.fromkeys(kinds.tolist()):
        where = np.flatnonzero(kinds == kind)
        size, lease = _SIZE[kind]
        system = _systems(rng, plan, kind, country[where], owner[where])
        slot["size"][where] = size
        slot["lease"][where] = lease * rng.uniform(0.6, 1.6, len(where))
        slot["base"][where] = plan.systems["v4"][system] + _offset(
            rng, kind, owner[where]
        )
        if kind in {"home", "cloud"}:
            sixth = where[rng.random(len(where)) < (0.3 if kind == "home" else 0.1)]
            mine = system[np.isin(where, sixth)]
            slot["mode"][sixth] = RANGE6
            slot["base"][sixth] = plan.systems["v6"][mine] + _spot(rng, len(sixth))
            slot["size"][sixth] = 1 if kind == "home" else size
    return slot


def proxy_slots(
    n: int, key: int, size: int, lease: float, geo: NDArray[np.int64]
) -> Columns:
    """Return pool columns of one proxy vendor account: `size` exits in households."""
    return {
        "mode": np.full(n, SCATTER, np.int8),
        "base": np.full(n, key & 0xFFFF_FFFF, np.uint64),
        "size": np.full(n, size, np.int64),
        "lease": np.full(n, lease),
        "geo": geo,
    }


def with_prefix(slot: Columns, prefix: str) -> Columns:
    return {f"{prefix}_{name}": values for name, values in slot.items()}


def _systems(
    rng: np.random.Generator,
    plan: AddressPlan,
    kind: str,
    country: NDArray[np.int64],
    owner: NDArray[np.int64],
) -> NDArray[np.int64]:
    base = _SYSTEM_OF.get(kind, kind)
    if kind == "campus":
        return plan.of_kind["campus"][owner % CAMPUSES]
    if kind in {"venue", "gateway"}:
        found = plan.of_kind[kind]
        return found[below(mix(plan.key, 7, owner), len(found))]
    return plan.of(base, rng, country)


def _offset(
    rng: np.random.Generator, kind: str, owner: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Where in the system's range the pool starts."""
    n = len(owner)
    if kind in {"home", "tor", "vpn", "relay"}:
        return np.zeros(n, np.uint64)
    if kind == "mobile":  # a few egress areas of each operator, shared by thousands
        return (rng.integers(0, 5, n) * 4096).astype(np.uint64)
    if kind == "cloud_wide":
        return (rng.integers(0, 16, n) * 2048).astype(np.uint64)
    if kind in {"campus", "venue", "gateway"}:
        return (uniform(mix(owner, 11)) * 250).astype(np.uint64) * np.uint64(256)
    return _spot(rng, n)


def _spot(rng: np.random.Generator, n: int) -> NDArray[np.uint64]:
    return rng.integers(0, _WHOLE - 4096, n).astype(np.uint64)
