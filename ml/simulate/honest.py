"""Plans of the honest accounts: when, how much, from where and about what.

A plan is a row of numbers from which every table is later written by code that does not
know whether the row is honest. Campaign accounts start as copies of such rows.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.addresses import AddressPlan
from ml.simulate.archetypes import ARCHETYPES, INDEX, Archetype
from ml.simulate.clock import DAYS, Calendar
from ml.simulate.networks import draw_slots, with_prefix
from ml.simulate.places import Places
from ml.simulate.production import in_production, shape_templates
from ml.simulate.rhythm import rhythms
from ml.simulate.seeds import Columns, Numbers, Seeds, pick
from ml.simulate.templates import Templates

HONEST, RING, OTHER_FRAUD = 0, 1, 2
CLIENTS: Final = 60
_SURFACES: Final = ("api", "app", "cloud:a", "cloud:b")


@dataclass(frozen=True, slots=True)
class Setting:
    """What all accounts of a world live in."""

    seeds: Seeds
    places: Places
    addresses: AddressPlan
    calendar: Calendar
    templates: Templates


def honest_plans(setting: Setting, count: int) -> Columns:
    """Draw the plans of `count` honest accounts (commodity fraud among them)."""
    total = sum(kind.share for kind in ARCHETYPES)
    frameworks = _frameworks(setting)
    parts: list[Columns] = []
    for kind in ARCHETYPES[1:]:
        n = max(2, round(count * kind.share / total))
        parts.append(plans_of(setting, kind, n, frameworks))
    rest = count - sum(len(part["arch"]) for part in parts)
    parts.insert(0, plans_of(setting, ARCHETYPES[0], rest, frameworks))
    return join_plans(parts)


def join_plans(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _frameworks(setting: Setting) -> NDArray[np.int64]:
    """Publish the scaffolds that thousands share: agent frameworks and tutorials."""
    rng = setting.seeds.rng("frameworks")
    styles = pick(rng, 24, {"agent": 0.5, "product": 0.3, "coding": 0.2})
    return setting.templates.add(rng, styles, shared_fillers=60)


def plans_of(
    setting: Setting, kind: Archetype, n: int, frameworks: NDArray[np.int64]
) -> Columns:
    rng = setting.seeds.rng("honest", kind.name)
    group = _groups(rng, kind, n)
    plans = _who(setting, kind, group, rng)
    plans.update(rhythms(kind, rng, plans, setting.places, setting.calendar))
    plans.update(_networks(setting, kind, rng, plans))
    plans.update(_content(setting, kind, rng, group, plans, frameworks))
    plans.update(_clients(setting, kind, rng, plans))
    plans["group"] = np.where(group >= 0, group + 100_000 * (1 + INDEX[kind.name]), -1)
    return plans


def _groups(rng: np.random.Generator, kind: Archetype, n: int) -> NDArray[np.int64]:
    if not kind.group_size:
        return np.full(n, -1, np.int64)
    count = max(1, round(n / kind.group_size))
    weights = rng.lognormal(0, 0.5 if kind.group_size > 5 else 0.1, count)
    return rng.choice(count, n, p=weights / weights.sum())


def _of_group(
    group: NDArray[np.int64], own: NDArray[np.int64], shared: NDArray[np.int64]
) -> NDArray[np.int64]:
    return np.where(group >= 0, shared[np.maximum(group, 0)], own)


def _who(
    setting: Setting,
    kind: Archetype,
    group: NDArray[np.int64],
    rng: np.random.Generator,
) -> Columns:
    """Home country, where they are, and when the account was opened."""
    n, groups = len(group), int(group.max()) + 1 if group.max() >= 0 else 1
    places = setting.places
    country = _of_group(
        group, places.draw_countries(rng, n), places.draw_countries(rng, groups)
    )
    away = rng.random(n) < kind.abroad
    located = np.where(away, places.draw_countries(rng, n), country)
    new_trade = kind.name in {"other_fraud", "small_distiller"}
    old = rng.random(n) < (0.05 if new_trade else 0.35)
    created = np.where(old, -rng.exponential(150, n), rng.uniform(0, DAYS - 1, n))
    if kind.name == "hackathon":
        start = np.floor(rng.uniform(2, DAYS - 6, groups) / 7) * 7 + 0.4
        created = start[group] + rng.exponential(0.25, n)
    if kind.name == "campus":  # a class enrols in the first days of its course
        start = rng.uniform(-60, DAYS - 25, groups)
        joined = start[group] + np.abs(rng.normal(0, 2, n))
        created = np.where(rng.random(n) < 0.5, joined, created)
    if kind.name == "late_gateway":  # opens for business after everything was learned
        start = rng.uniform(71, DAYS - 20, groups)
        created = start[group] + rng.exponential(10, n)
    if kind.name in {"other_fraud", "newcomer"}:
        start = rng.uniform(0, DAYS - 10, groups)
        created = start[group] + rng.exponential(
            2 if kind.name == "other_fraud" else 20, n
        )
    return {
        "arch": np.full(n, INDEX[kind.name]),
        "class": np.full(n, OTHER_FRAUD if kind.name == "other_fraud" else HONEST),
        "owner": np.where(group >= 0, group, rng.integers(0, 1000, n)),
        "country": country,
        "located": located,
        "created": np.minimum(created, DAYS - 0.05),
    }


def _networks(
    setting: Setting, kind: Archetype, rng: np.random.Generator, plans: Columns
) -> Columns:
    n = len(plans["arch"])
    slots: Columns = {"b_share": kind.second_share * rng.uniform(0.4, 1.6, n)}
    for name, weights in (("a", kind.net), ("b", kind.second_net)):
        kinds = pick(rng, n, weights)
        slot = draw_slots(
            rng, setting.addresses, kinds, plans["located"], plans["owner"]
        )
        if kind.name == "household" and name == "a":
            _, first, where = np.unique(
                plans["owner"], return_index=True, return_inverse=True
            )
            slot = {field: values[first][where] for field, values in slot.items()}
            slot["size"] = np.ones(n, np.int64)
            slot["base"] = np.where(
                slot["mode"] == 0,
                slot["base"]
                + plans["owner"].astype(np.uint64) * np.uint64(37) % np.uint64(60_000),
                slot["base"],
            )
        slots.update(with_prefix(slot, name))
        slots[f"{name}_kind"] = kinds
    return slots


def _content(
    setting: Setting,
    kind: Archetype,
    rng: np.random.Generator,
    group: NDArray[np.int64],
    plans: Columns,
    frameworks: NDArray[np.int64],
) -> Columns:
    """Own templates, the one shared with others, and where inputs come from."""
    n = len(group)
    count = rng.integers(kind.templates[0], kind.templates[1] + 1, n)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    rows = setting.templates.add(rng, pick(rng, int(count.sum()), kind.styles))
    owner = np.repeat(np.where(in_production(plans), np.arange(n), -1), count)
    shape_templates(rng, plans, setting.templates.parts[-1], owner)
    zipf = 1 / np.arange(1, len(frameworks) + 1) ** 1.1
    frame = frameworks[rng.choice(len(frameworks), n, p=zipf / zipf.sum())]
    framed = rng.random(n) < kind.framework
    if kind.name in {"campus", "hackathon"}:
        style = "assignment" if kind.name == "campus" else "agent"
        shared = setting.templates.add(
            rng, np.array([style] * (group.max() + 1), object), 30
        )
        joined = rng.random(n) < (0.5 if kind.name == "campus" else 0.6)
        frame, framed = np.where(joined, shared[group], frame), framed | joined
    relays = kind.name == "gateway"  # requests of tenants from everywhere
    return {
        "tmpl": rows[first],
        "tmpl_n": count,
        "frame": np.where(framed, frame, -1),
        "frame_share": rng.beta(6 if kind.framework == 1 else 2, 1.2, n),
        "edits": rng.lognormal(np.log(20), 1, n),
        "own_fillers": np.minimum(kind.fillers[0] * rng.lognormal(0, 1, n), 1e12),
        "shared_fillers": kind.fillers[1] * rng.uniform(0.3, 1.7, n),
        "language_spread": rng.beta(5 if relays else 1, 3 if relays else 14, n),
        "end_users": np.where(
            rng.random(n) < _naming(kind),
            rng.lognormal(4, 1.5, n).astype(int) + 2, 0,
        ),
    }  # fmt: skip


def _naming(kind: Archetype) -> float:
    """Return the share of accounts that name their end users."""
    if kind.name == "masked_enterprise":  # its gateway strips all metadata
        return 0.0
    return 0.45 if kind.organization > 0.4 else 0.03


def _own_stacks(
    kind: Archetype, rng: np.random.Generator, plans: Columns
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return who calls with a client that few others have, and which."""
    n = len(plans["arch"])
    custom = rng.random(n) < (0.25 if kind.organization > 0.4 else 0.05)
    own_stack = CLIENTS + rng.integers(0, 1 << 40, n)
    if kind.name in {"gateway_tenant", "late_gateway"}:  # the gateway calls for them
        custom = rng.random(n) < 0.6
        own_stack = CLIENTS + (1 << 41) + 10_000 * INDEX[kind.name] + plans["owner"]
    return custom, own_stack


def _models(rng: np.random.Generator, n: int) -> Numbers:
    """Return each account's share of the large model; many keep to one of two."""
    pinned = rng.random(n) < 0.35
    return np.where(pinned, rng.random(n) < 0.6, rng.beta(1.6, 1.4, n))


def _clients(
    setting: Setting, kind: Archetype, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Client stacks, routes, models, settings, keys and how soon they adopt a model."""
    n = len(plans["arch"])
    zipf = 1 / np.arange(1, CLIENTS + 1) ** 1.05
    stacks = rng.choice(CLIENTS, (2, n), p=zipf / zipf.sum())
    custom, own_stack = _own_stacks(kind, rng, plans)
    app = kind.name in {
        "individual",
        "campus",
        "privacy",
        "nomad",
        "newcomer",
        "household",
        "mobile_region",
    }
    keen = 0.6 if kind.name in {"researcher", "red_team", "hackathon"} else 0.08
    delay = np.where(
        rng.random(n) < keen, rng.uniform(0, 1, n), 1 + rng.exponential(18, n)
    )
    softens = rng.random(n) < 0.03
    return {
        "client": np.where(custom, own_stack, stacks[0]),
        "client2": stacks[1],
        "client2_share": rng.beta(1, 6, n),
        "surface": rng.choice(
            4, n, p=[0.5, 0.4, 0.06, 0.04] if app else [0.84, 0.02, 0.08, 0.06]
        ),
        "adopt_at": setting.calendar.release + delay,
        "adopt_share": rng.beta(4, 2, n),
        "soften_at": np.where(
            softens, setting.calendar.protection + rng.exponential(6, n), 1e9
        ),
        "large": _models(rng, n),
        "settings": rng.integers(0, 14, n),
        "keys": 1 + rng.poisson(0.25 + 0.8 * (kind.organization > 0.4), n),
        "fails": rng.beta(1, 80, n),
    }
