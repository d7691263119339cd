"""Campaigns whose accounts ask exactly as real production clients do.

Some 200 text clients of real traces (ServeGen) become accounts of this world. All of
them are drawn by one law and keep their true hourly rates and token counts; then 40
are handed to five rings, which leave in them the traces of level 3: some cards and
devices, a client, wordings, a joint move to the new model. No rate and no token count
can tell a rider from the other real clients, since none of them is made up.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.archetypes import ARCHETYPES, INDEX
from ml.simulate.campaigns import Ring
from ml.simulate.clock import DAYS
from ml.simulate.honest import RING, Setting, honest_plans, join_plans, plans_of
from ml.simulate.hours import Hours
from ml.simulate.levels import MECHANISMS, RIDERS
from ml.simulate.population import Population, Variant, joined, make_setting
from ml.simulate.recruits import stack, without_work
from ml.simulate.seeds import Columns, Numbers, Seeds, mix
from ml.simulate.templates import Templates
from ml.simulate.tiers import Tier
from ml.simulate.traces import HOURS, Client, NoTracesError, read_clients

RIDER_COUNT: Final = 40
RING_COUNT: Final = 5
MOST_HONEST: Final = 160
_LEAST_DAILY: Final = 250.0  # below, accounts report single exchanges
_KINDS: Final = {
    "startup": 0.5,
    "document_pipeline": 0.15,
    "ci_runner": 0.1,
    "masked_enterprise": 0.15,
    "enterprise": 0.1,
}


def riders_population(seeds: Seeds, tier: Tier, variant: Variant) -> Population:
    """Draw the honest accounts of a seed, real clients among them, and riders."""
    if variant.traces is None:
        raise NoTracesError("Riders need a folder of real traces.")
    setting = make_setting(seeds)
    honest = without_work(honest_plans(setting, tier.honest))
    aside = replace(setting, seeds=seeds.apart("riders"))
    rng = aside.seeds.rng("clients")
    every = read_clients(variant.traces, _LEAST_DAILY)
    if len(every) < 2 * RIDER_COUNT:
        raise NoTracesError(
            f"The traces hold {len(every)} clients; too few to ride on."
        )
    clients = [every[at] for at in rng.permutation(len(every))]
    clients = clients[: RIDER_COUNT + MOST_HONEST]
    plans = _carriers(aside, rng, clients)
    rings = _rings(rng, plans)
    theirs = {name: values[:RIDER_COUNT] for name, values in plans.items()}
    others = {name: values[RIDER_COUNT:] for name, values in plans.items()}
    riding = _recruit(aside, rings, theirs)
    before = len(honest["arch"])
    places = before + np.roll(np.arange(len(clients)), RIDER_COUNT)
    told = _hours(rng, clients, plans, places)
    return joined(setting, rings, join_plans([honest, others]), riding, told)


def _carriers(
    setting: Setting, rng: np.random.Generator, clients: list[Client]
) -> Columns:
    """Return plans for the clients, in their order: who pays, from where, how long."""
    n = len(clients)
    counts = rng.multinomial(n, list(_KINDS.values()))
    parts = [
        plans_of(setting, replace(ARCHETYPES[INDEX[name]], framework=0.0), int(count),
                 np.zeros(1, np.int64))
        for name, count in zip(_KINDS, counts, strict=True) if count
    ]  # fmt: skip
    plans = join_plans(parts)
    mixed = rng.permutation(n)
    plans = {name: values[mixed] for name, values in plans.items()}
    start = _starts(rng, n)
    weeks = np.minimum(rng.choice((14, 28, 42), n), np.floor(DAYS - start))
    plans |= {
        "active_from": start,
        "active_to": start + weeks,
        "created": start - rng.exponential(20, n),
        "rate": np.array([client.daily for client in clients]),
        "tmpl": _shaped(setting.templates, rng, plans, clients),
        "tmpl_n": np.minimum(plans["tmpl_n"], 2),
        "frame": np.full(n, -1),
    }
    return without_work(plans)


def _starts(rng: np.random.Generator, n: int) -> Numbers:
    """Return when traffic begins: anywhere, and within eight days in one ring.

    Every second ring starts after day 70, like the rings of the main world.
    """
    start = rng.uniform(1, DAYS - 15, n)
    late = np.arange(RING_COUNT) % 2 == 1
    base = rng.uniform(np.where(late, 72, 2), np.where(late, 92, 40))
    joins = rng.uniform(0, 8, RIDER_COUNT)
    start[:RIDER_COUNT] = np.repeat(base, RIDER_COUNT // RING_COUNT) + joins
    return start


def _shaped(
    templates: Templates,
    rng: np.random.Generator,
    plans: Columns,
    clients: list[Client],
) -> NDArray[np.int64]:
    """Give every account two templates in the shape of its client's tokens."""
    rows = np.repeat(plans["tmpl"], 2)
    rows[1::2] += plans["tmpl_n"] > 1
    keys = mix(int(rng.integers(0, 2**62)), np.arange(len(rows)))
    made = templates.clone(rows, keys)
    shape = templates.parts[-1]
    for side, at in (("input", 1), ("output", 3)):
        usual = np.array([np.median(client.tokens[:, at]) for client in clients])
        spread = np.array([client.spread[at // 2] for client in clients])
        shape[f"{side}_ln"] = np.repeat(np.log(usual), 2)
        shape[f"{side}_sd"] = np.repeat(spread, 2)
    return made[::2]


def _rings(rng: np.random.Generator, plans: Columns) -> list[Ring]:
    """Split the first 40 accounts over rings, and note when each ring is there."""
    each = RIDER_COUNT // RING_COUNT
    rings = []
    for number in range(RING_COUNT):
        mine = slice(number * each, (number + 1) * each)
        rings.append(
            Ring(
                number=number,
                name=f"H-riders-{number:03d}",
                campaign="B",
                level=RIDERS,
                mechanism=MECHANISMS[int(rng.integers(0, len(MECHANISMS)))],
                size=each,
                start=float(plans["active_from"][mine].min()),
                until=float(plans["active_to"][mine].max()),
                rate=float(plans["rate"][mine].mean()),
                turns=1.0,
                replays=bool(rng.random() < 0.4),
                softens=bool(rng.random() < 0.35),
                farm=False,
                without=None,
            )
        )
    return rings


def _recruit(setting: Setting, rings: list[Ring], plans: Columns) -> Columns:
    """Put the riders into their rings: client, models, and wordings in common."""
    each = len(plans["arch"]) // len(rings)
    parts = []
    for ring in rings:
        rng = setting.seeds.rng("riders", ring.number)
        mine = slice(ring.number * each, (ring.number + 1) * each)
        part = {name: values[mine].copy() for name, values in plans.items()}
        part["class"] = np.full(each, RING)
        part["ring"] = np.full(each, ring.number)
        part["member"] = np.arange(each)
        part |= {"work_from": part["active_from"], "work_to": part["active_to"]}
        part |= stack(setting, ring, rng, part)
        keep = ring.near(setting.seeds, "keep")
        _word_alike(setting, part, rng.random(each) < keep, ring.number)
        parts.append(part)
    return join_plans(parts)


def _word_alike(
    setting: Setting, part: Columns, chosen: NDArray[np.bool_], ring: int
) -> None:
    """Give the chosen accounts one of two wordings of the ring, shapes unchanged."""
    rows = part["tmpl"][chosen]
    both = np.stack([rows, rows + 1], 1).ravel()
    words = mix(setting.seeds.key("riders' wording", ring), np.tile([0, 1], len(rows)))
    if len(rows):
        part["tmpl"][chosen] = setting.templates.clone(both, words)[::2]


def _hours(
    rng: np.random.Generator,
    clients: list[Client],
    plans: Columns,
    places: NDArray[np.int64],
) -> Hours:
    """Return the hours of each client at its account's place, its weeks repeated."""
    account, hour, requests, tokens = [], [], [], []
    for at, client in enumerate(clients):
        first = int(np.ceil(plans["active_from"][at] * 24))
        last = min(int(plans["active_to"][at] * 24), DAYS * 24)
        when = np.arange(first, last)
        counts = rng.poisson(client.requests[(when - first) % HOURS])
        busy = counts > 0
        account.append(np.full(int(busy.sum()), places[at]))
        hour.append(when[busy])
        requests.append(counts[busy])
        tokens.append(client.tokens[((when - first) % HOURS)[busy]])
    return Hours(
        np.concatenate(account),
        np.concatenate(hour),
        np.concatenate(requests).astype(np.int64),
        np.concatenate(tokens),
    )
