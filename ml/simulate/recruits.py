"""Accounts of rings: copies of honest plans, on which the operator leaves traces.

What a trace overwrites depends on the ring's level. Nothing becomes null or ceases to
be null, so that the pattern of missing fields says nothing.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate import twins
from ml.simulate.archetypes import INDEX
from ml.simulate.campaigns import Life, Ring, lives
from ml.simulate.clock import DAYS
from ml.simulate.honest import CLIENTS, HONEST, RING, Setting, join_plans
from ml.simulate.levels import CAMPAIGN_STYLES, RESALE, TWINS
from ml.simulate.places import COUNTRY_COUNT
from ml.simulate.rhythm import WINDOWED_FROM
from ml.simulate.routes import routes
from ml.simulate.seeds import Columns, Numbers, Seeds, mix, pick

_NEVER_HOSTS: Final = (
    "hackathon",
    "gateway",
    "synthetic_data",
    "small_distiller",
    "stolen_key",
    "enterprise",
    "masked_enterprise",
    "failover_router",
    "other_fraud",
)
_BROAD: Final = {
    "product": 0.4,
    "agent": 0.2,
    "batch": 0.15,
    "coding": 0.15,
    "chat": 0.1,
}
_LIKE_ANYONE: Final = {
    "chat": 0.4,
    "coding": 0.25,
    "product": 0.25,
    "agent": 0.07,
    "batch": 0.03,
}
_AGED_FROM: Final = 3
_MIMICS_FROM: Final = 3


def recruit_plans(setting: Setting, rings: list[Ring], honest: Columns) -> Columns:
    """Return the plans of all ring accounts, with the columns of their work."""
    allowed = ~np.isin(honest["arch"], [INDEX[name] for name in _NEVER_HOSTS])
    hosts = np.flatnonzero(allowed & (honest["rate"] < WINDOWED_FROM))
    plans = join_plans([_recruits_of(setting, ring, honest, hosts) for ring in rings])
    return plans | own_wrappers(setting, plans)


def own_wrappers(setting: Setting, plans: Columns) -> Columns:
    """Reword what a copy would share with its host alone: templates, a rare client.

    Few twins are given one wording of the ring instead, in the shape of their own.
    """
    rng = setting.seeds.rng("own wrappers")
    count = plans["tmpl_n"]
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    run = np.arange(int(count.sum())) - np.repeat(first, count)
    keys = mix(setting.seeds.key("reworded"), np.arange(len(run)))
    worded = np.flatnonzero(rng.random(len(count)) < plans["work_keep"])
    one = first[worded] + (rng.random(len(worded)) * count[worded]).astype(np.int64)
    wording = (rng.random(len(worded)) ** 3 * plans["work_tmpl_n"][worded]).astype(int)
    keys[one] = mix(setting.seeds.key("worded"), plans["ring"][worded], wording)
    made = setting.templates.clone(np.repeat(plans["tmpl"], count) + run, keys)
    fresh = CLIENTS + rng.integers(0, 1 << 40, len(count))
    rare = (plans["client"] >= CLIENTS) & ~plans["on_stack"]
    return {
        "tmpl": made[first],
        "client": np.where(rare, fresh, plans["client"]),
    }


def without_work(plans: Columns) -> Columns:
    """Give honest plans the columns of ring accounts, all of them empty."""
    n = len(plans["arch"])
    return plans | {
        "ring": np.full(n, -1),
        "member": np.zeros(n, np.int64),
        "heir_of": np.full(n, -1),
        "work_from": np.full(n, 1e9),
        "work_to": np.full(n, 1e9),
        "work_weight": np.zeros(n),
        "work_tmpl": np.full(n, -1),
        "work_tmpl_n": np.ones(n, np.int64),
        "work_first": np.zeros(n, np.int64),
        "work_few": np.ones(n, np.int64),
        "work_days": np.zeros(n),
        "work_pace": np.full(n, 0.3),
        "work_share": np.zeros(n),
        "work_keep": np.zeros(n),
        "on_stack": np.zeros(n, bool),
        "twin_of": np.full(n, -1),
    }


def _recruits_of(
    setting: Setting, ring: Ring, honest: Columns, hosts: NDArray[np.int64]
) -> Columns:
    rng = setting.seeds.rng("recruits", ring.number)
    if ring.level == TWINS:
        found, chosen = twins.cast(setting, ring, honest, hosts)
        plans = copies(ring, honest, chosen)
        plans["twin_of"] = chosen
        return plans | twins.dress(setting, ring, rng, plans, found)
    found = lives(ring, setting.seeds)
    kinds = rng.dirichlet(np.full(len(INDEX), 0.6))[honest["arch"][hosts]] + 0.002
    chosen = rng.choice(hosts, len(found), p=kinds / kinds.sum())
    plans = copies(ring, honest, chosen)
    plans.update(_where(setting, ring, rng, plans))
    plans.update(_life(setting, ring, rng, plans, found))
    plans.update(_work(setting, ring, rng, plans))
    plans.update(routes(setting, ring, rng, plans))
    plans.update(stack(setting, ring, rng, plans))
    return plans


def copies(ring: Ring, honest: Columns, chosen: NDArray[np.int64]) -> Columns:
    plans = without_work({name: values[chosen] for name, values in honest.items()})
    plans["class"] = np.full(len(chosen), RING)
    plans["ring"] = np.full(len(chosen), ring.number)
    plans["member"] = np.arange(len(chosen))
    return plans


def _where(
    setting: Setting, ring: Ring, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Let countries drift toward the largest; low levels sit in one place."""
    n, places = len(plans["arch"]), setting.places
    popular = places.weight**1.5 / (places.weight**1.5).sum()
    fake = rng.choice(COUNTRY_COUNT, n, p=popular)
    country = np.where(rng.random(n) < 0.6, fake, plans["country"])
    base = int(rng.choice(COUNTRY_COUNT, p=places.weight))
    at_home = rng.random(n) < ring.habits.at_home
    located = np.where(at_home, country, base)
    local = plans["peak"] + places.offset[plans["located"]]
    return {
        "country": country,
        "located": located,
        "peak": (local - places.offset[located]) % 24,
    }


def _life(
    setting: Setting,
    ring: Ring,
    rng: np.random.Generator,
    plans: Columns,
    found: list[Life],
) -> Columns:
    """When accounts are opened, aged, put to work and lost."""
    n, habits = len(found), ring.habits
    born = np.array([life.born for life in found])
    heir = np.array([life.heir_of for life in found])
    wait = rng.exponential(0.1 + 0.08 * ring.level, n)
    created = born - wait
    if ring.level >= _AGED_FROM:  # reserves are opened together and left to ripen
        batch = ring.start + rng.uniform(0, ring.near(setting.seeds, "spread"), n)
        aged = np.minimum(batch, born) - habits.ageing * rng.uniform(0.3, 1.4, n)
        bought = (rng.random(n) < 0.1 * (ring.level - 2)) & (plans["created"] < aged)
        created = np.where(
            bought, plans["created"], np.where(rng.random(n) < 0.8, aged, created)
        )
    lost = np.array([life.lost for life in found])
    ripening = rng.uniform(0, 0.5, n) * np.minimum(born - created, habits.ageing)
    idle = rng.random(n) < habits.idle
    lost = np.where(idle, DAYS, lost)
    return {
        "created": np.clip(created, -400, DAYS - 0.05),
        "heir_of": heir,
        "work_from": np.where(idle, DAYS, born),
        "work_to": lost,
        "active_from": np.where(idle, DAYS, np.maximum(born - ripening, 0)),
        "active_to": lost,
        "spike_from": np.full(n, 1e9),
    }


def _work(
    setting: Setting, ring: Ring, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Templates of the work, each account's weight in it, and the cover beside it."""
    n, seeds = len(plans["arch"]), setting.seeds
    clones = max(1, round(ring.near(seeds, "clones")))
    focused = rng.random(clones) < ring.near(seeds, "focus")
    style = np.where(
        focused,
        pick(rng, clones, CAMPAIGN_STYLES[ring.campaign]),
        pick(rng, clones, _BROAD if ring.level < _MIMICS_FROM else _LIKE_ANYONE),
    )
    if ring.level == RESALE:
        style = pick(rng, clones, CAMPAIGN_STYLES[ring.campaign])
    rows = setting.templates.add(rng, style, shared_fillers=10**6)
    if ring.level == RESALE:
        _relay(
            setting.templates.parts[-1], rng.random(clones) < ring.near(seeds, "keep")
        )
    cover = min(ring.near(seeds, "cover"), 0.9)
    each = ring.rate * rng.lognormal(0, 0.3 + 0.1 * min(ring.level, 4), n)
    share = np.maximum(plans["day_share"], 0.6)
    weights = rng.lognormal(0, ring.near(seeds, "weights"), n)
    return {
        "work_tmpl": np.full(n, rows[0]),
        "work_tmpl_n": np.full(n, clones),
        "work_first": rng.integers(0, clones, n),
        "work_few": np.minimum(1 + rng.poisson(0.4, n), clones),
        "work_days": _work_days(ring, seeds, rng, plans),
        "work_weight": weights if ring.mechanism == "sticky_shards" else np.ones(n),
        "day_share": share,
        "rate": np.minimum(0.65 * each * cover / share, 150),
        "work_pace": np.full(n, 1.0 if ring.level == RESALE else 0.3),
        "language_spread": (
            rng.beta(1.2, 12, n) if ring.level == RESALE else plans["language_spread"]
        ),
    }


def _relay(users: Columns, wrapped: NDArray[np.bool_]) -> None:
    """Send what users bring with the relay's settings, some of it in its wrapper."""
    users["settings"][:] = 0
    users["key"][wrapped] = users["key"][0]
    users["free"][wrapped] = 0


def _work_days(
    ring: Ring, seeds: Seeds, rng: np.random.Generator, plans: Columns
) -> Numbers:
    """Return the share of days on which each account works."""
    center = ring.near(seeds, "days")
    if ring.level == 0:
        return np.ones(len(plans["arch"]))
    return np.clip(rng.normal(center, 0.15, len(plans["arch"])), 0.15, 1)


def stack(
    setting: Setting, ring: Ring, rng: np.random.Generator, plans: Columns
) -> Columns:
    """Set the operator's frozen image, and how the ring follows the provider."""
    n, seeds, habits = len(plans["arch"]), setting.seeds, ring.habits
    on_stack = rng.random(n) < ring.near(seeds, "stack")
    custom = rng.random() < ring.habits.custom
    stack = CLIENTS + ring.number if custom else int(rng.integers(0, CLIENTS))
    moved = 0.45 if ring.campaign == "C" else float(rng.uniform(0.1, 0.3))
    hours: Numbers = rng.uniform(0.5, max(1.0, habits.stagger), n)
    softened = setting.calendar.protection + rng.uniform(0, 2, n)
    focus = 0.9 - 0.1 * min(ring.level, 5)
    follows = rng.random(n) < habits.pivots
    moment = setting.calendar.release + hours / 24
    share = moved * float(rng.uniform(0.9, 1.1))
    return {
        "on_stack": on_stack,
        "client": np.where(on_stack, stack, plans["client"]),
        "client2_share": np.where(on_stack, 0.02, plans["client2_share"]),
        "settings": np.where(on_stack, int(rng.integers(0, 14)), plans["settings"]),
        "surface": np.where(rng.random(n) < 0.5, 0, plans["surface"]),
        "adopt_at": np.where(follows, moment, plans["adopt_at"]),
        "adopt_share": np.where(follows, share, plans["adopt_share"]),
        "soften_at": np.where(ring.softens, softened, plans["soften_at"]),
        "large": np.where(
            rng.random(n) < 0.6,
            1.0,
            focus * rng.beta(6, 1.2) + (1 - focus) * plans["large"],
        ),
    }


def is_honest(plans: Columns) -> NDArray[np.bool_]:
    return plans["class"] == HONEST
