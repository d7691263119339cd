"""From where the accounts of a ring call: a rack, a VPN, or other people's homes."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from typing import Final

import numpy as np

from ml.simulate.addresses import AddressPlan
from ml.simulate.campaigns import Ring
from ml.simulate.honest import Setting
from ml.simulate.networks import draw_slots, proxy_slots, with_prefix
from ml.simulate.seeds import Columns, below, mix

_SERVER_NETS: Final = ("cloud", "cloud_wide", "gateway")


def routes(
    setting: Setting, ring: Ring, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Choose the networks of a ring's accounts: the columns a_* and b_*, [n]."""
    plan, habits = setting.addresses, ring.habits
    if habits.network == "cloud":
        key = setting.seeds.key("proxy", ring.number)
        return _in_a_rack(plan, key, rng, plans)
    if habits.network == "vpn":
        return _behind_vpn(plan, habits.exits, rng, plans)
    return _in_homes(setting, ring, rng, plans)


def _in_a_rack(
    plan: AddressPlan, key: int, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Put twenty accounts on each address of one rack."""
    n, country = len(plans["arch"]), plans["country"]
    # drawn and left unused: a seed's world stays the one that was measured
    draw_slots(rng, plan, np.full(n, "cloud", object), country, plans["owner"])
    rack = draw_slots(rng, plan, np.array(["cloud"], object), country[:1], country[:1])
    slot = {field: np.repeat(values, n) for field, values in rack.items()}
    slot["mode"], slot["size"] = np.zeros(n, np.int8), np.ones(n, np.int64)
    slot["base"] = _rack(plan, key) + (plans["member"] // 20).astype(np.uint64)
    return _both(slot, "cloud", n)


def _behind_vpn(
    plan: AddressPlan, exits: float, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Mix the exits of VPN services with rented servers."""
    n = len(plans["arch"])
    kinds = np.where(rng.random(n) < rng.uniform(0.4, 0.9), "vpn", "cloud").astype(
        object
    )
    slot = draw_slots(rng, plan, kinds, plans["country"], plans["owner"])
    slot["size"] = np.where(kinds == "vpn", max(8, exits), slot["size"])
    return _both(slot, "vpn", n)


def _in_homes(
    setting: Setting, ring: Ring, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Rent exits in other people's homes, with a roaming telephone as the second."""
    plan, n = setting.addresses, len(plans["arch"])
    key = setting.seeds.key("proxy", ring.number)
    country = plans["country"]
    server = np.isin(plans["a_kind"], _SERVER_NETS)
    loose = rng.random(n) < (0.06 if ring.level == 2 else 0.03)
    # sticky exits stay with one household network, as one customer's would
    geo = np.where(loose, -1, plan.of("home", rng, country))
    exits = max(8, round(ring.near(setting.seeds, "exits")))
    lease = ring.near(setting.seeds, "lease")
    proxy = proxy_slots(n, key, exits, lease, geo)
    rented = draw_slots(rng, plan, np.full(n, "cloud", object), country, plans["owner"])
    keeps = server & (rng.random(n) < ring.habits.servers)
    operator = plan.of("mobile", rng, country)
    roaming = proxy_slots(n, key, 24, 1.0, operator)
    first = {name: np.where(keeps, rented[name], proxy[name]) for name in proxy}
    return {
        **with_prefix(first, "a"),
        **with_prefix(roaming, "b"),
        "a_kind": np.where(keeps, "cloud", "home").astype(object),
        "b_share": np.where(keeps, 0.05, np.maximum(plans["b_share"], 0.08)),
    }


def _rack(plan: AddressPlan, key: int) -> np.uint64:
    clouds = plan.of_kind["cloud"]
    chosen = clouds[below(mix(key, 1), len(clouds))[0]]
    return np.uint64(
        int(plan.systems["v4"][chosen]) + int(below(mix(key, 2), 60_000)[0])
    )


def _both(slot: Columns, kind: str, n: int) -> Columns:
    return {
        **with_prefix(slot, "a"),
        **with_prefix(slot, "b"),
        "a_kind": np.full(n, kind, object),
        "b_share": np.zeros(n),
    }
