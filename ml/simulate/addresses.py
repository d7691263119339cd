"""The address plan: who owns which range, and the addresses accounts come from.

An address pool is a handful of numbers, so that the address of an exchange is a pure
function of account and time: a range (`mode` 0 for IPv4, 2 for IPv6) or a proxy
vendor's exits scattered over households (`mode` 1).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.places import COUNTRY_COUNT, Places
from ml.simulate.seeds import Columns, Keys, Numbers, Seeds, below, mix, uniform

RANGE, SCATTER, RANGE6 = 0, 1, 2
CAMPUSES: Final = 40
_V4_START: Final = 11 << 24
_V6_START: Final = 0x2A10_0000_0000_0000
_BLOCK: Final = 1 << 16
_VENDORS: Final = 8
_VENDOR_SLOTS: Final = 512
_KINDS: Final = (
    # kind, class, how many in each country, how many in all
    ("home", "residential", 3, 0),
    ("mobile", "mobile", 2, 0),
    ("office", "business", 1, 0),
    ("cloud", "hosting", 0, 14),
    ("vpn", "vpn", 0, 6),
    ("tor", "tor", 0, 2),
    ("relay", "relay", 0, 1),
    ("campus", "education", 0, CAMPUSES),
    ("venue", "business", 0, 6),
    ("gateway", "hosting", 0, 4),
)


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """All autonomous systems of a world and the proxy vendors' household networks."""

    systems: Columns  # asn, name, country, class, kind, v4, v6
    of_kind: dict[str, NDArray[np.int64]]
    by_country: dict[str, list[NDArray[np.int64]]]
    vendors: NDArray[np.int64]  # [vendor, slot] -> system
    key: int

    def of(
        self, kind: str, rng: np.random.Generator, country: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Draw a system of that kind for each account, at home where there is one."""
        if kind not in self.by_country:
            return rng.choice(self.of_kind[kind], len(country))
        local = np.array([len(found) for found in self.by_country[kind]])[country]
        chosen = (rng.random(len(country)) ** 1.5 * local).astype(int)
        table = self.by_country[kind]
        return np.array(
            [table[where][at] for where, at in zip(country, chosen, strict=True)],
            dtype=np.int64,
        )


def make_plan(seeds: Seeds, places: Places) -> AddressPlan:
    """Hand out one /16 and one IPv6 /32 to every system, in an order of the seed."""
    rng = seeds.rng("systems")
    rows: list[tuple[str, str, int]] = []
    for kind, label, local, everywhere in _KINDS:
        rows += [(kind, label, at) for at in range(COUNTRY_COUNT) for _ in range(local)]
        abroad = rng.choice(COUNTRY_COUNT, everywhere, p=places.weight)
        rows += [(kind, label, int(at)) for at in abroad]
    kinds = np.array([row[0] for row in rows], object)
    country = np.array([row[2] for row in rows])
    blocks = rng.permutation(len(rows))
    systems: Columns = {
        "asn": 4_200_000_000 + rng.choice(90_000_000, len(rows), replace=False),
        "name": np.array([f"{kind.upper()}-{n:03d}" for n, kind in enumerate(kinds)]),
        "country": country,
        "class": np.array([row[1] for row in rows], object),
        "kind": kinds,
        "v4": (_V4_START + blocks * _BLOCK).astype(np.uint64),
        "v6": (_V6_START + blocks.astype(np.uint64) * np.uint64(1 << 32)),
    }
    of_kind = {kind: np.flatnonzero(kinds == kind) for kind in dict.fromkeys(kinds)}
    by_country = {
        kind: [found[country[found] == at] for at in range(COUNTRY_COUNT)]
        for kind, found in of_kind.items()
        if kind in {"home", "mobile", "office"}
    }
    every = np.concatenate([of_kind["home"], of_kind["mobile"]])
    vendors = np.stack(
        [
            rng.choice(every, _VENDOR_SLOTS, p=rng.dirichlet(np.full(len(every), 0.4)))
            for _ in range(_VENDORS)
        ]
    )
    return AddressPlan(systems, of_kind, by_country, vendors, seeds.key("ip"))


def range_rows(plan: AddressPlan, places: Places) -> list[tuple[str, ...]]:
    """Return start, end, asn, name, country, class of every range, IPv4 then IPv6."""
    systems = plan.systems
    rows: list[tuple[int, tuple[str, ...]]] = []
    for at in range(len(systems["asn"])):
        rest = (
            str(systems["asn"][at]),
            str(systems["name"][at]),
            str(places.code[systems["country"][at]]),
            str(systems["class"][at]),
        )
        first, prefix = int(systems["v4"][at]), int(systems["v6"][at])
        rows.append((first, (_text(first), _text(first + _BLOCK - 1), *rest)))
        last = _text(prefix | 0xFFFF_FFFF, (1 << 64) - 1)
        rows.append((prefix, (_text(prefix, 0), last, *rest)))
    return [row for _, row in sorted(rows)]


def addresses(
    plan: AddressPlan, slot: Columns, account: NDArray[np.int64], days: Numbers
) -> tuple[Keys, Keys]:
    """Return the address of each account at each time as (high, low) halves.

    `slot` holds mode, base, size, lease (days) and geo (a system, or -1) for every row;
    high is the IPv4 address itself or the upper half of an IPv6 one, low is 0 for IPv4.
    """
    phase = uniform(mix(plan.key, 1, account))
    epoch = np.floor(days / slot["lease"] + phase).astype(np.int64)
    spin = mix(plan.key, 2, account, epoch)
    at = below(spin, slot["size"]).astype(np.uint64)
    high = slot["base"].astype(np.uint64) + at
    scattered = np.flatnonzero(slot["mode"] == SCATTER)
    if len(scattered):
        chosen = {name: values[scattered] for name, values in slot.items()}
        high[scattered] = _exits(plan, chosen, at[scattered])
    low = np.where(
        slot["mode"] == RANGE6, mix(plan.key, 3, account, np.floor(days)), np.uint64(0)
    )
    return high, low


def _exits(plan: AddressPlan, slot: Columns, at: Keys) -> Keys:
    """Return exit `at` of each proxy pool: a household anywhere or in one network."""
    exit_key = mix(plan.key, 4, slot["base"], at, slot["geo"] + 1)
    vendor = below(mix(plan.key, 5, slot["base"]), _VENDORS)
    system = plan.vendors[vendor, below(exit_key, _VENDOR_SLOTS)]
    system = np.where(slot["geo"] >= 0, slot["geo"], system)
    return plan.systems["v4"][system] + below(mix(exit_key, 6), _BLOCK).astype(
        np.uint64
    )


def texts(high: Keys, low: Keys) -> NDArray[np.object_]:
    """Write addresses as text, each distinct one once."""
    _, lead, where = np.unique(mix(high, low), return_index=True, return_inverse=True)
    pairs = zip(high[lead].tolist(), low[lead].tolist(), strict=True)
    return np.array([_text(*pair) for pair in pairs], dtype=object)[where]


def _text(high: int, low: int = 0) -> str:
    if high < 1 << 32:
        return f"{high >> 24}.{high >> 16 & 255}.{high >> 8 & 255}.{high & 255}"
    whole = f"{high:016x}{low:016x}"
    groups = [whole[at : at + 4].lstrip("0") or "0" for at in range(0, 32, 4)]
    return ":".join(groups)
