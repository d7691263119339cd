"""Extraction through a handful of accounts, beside teams that may do the same.

A campaign sends some 100,000 elicitation prompts in many languages through one to five
accounts within 3 to 30 days. Teams with permission to make synthetic data, evaluators
and red-teamers send as many, as fast and in as many languages. No volume tells them
apart: only what they have registered, what they repeat, and who they are does.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.archetypes import ARCHETYPES, INDEX
from ml.simulate.campaigns import Ring
from ml.simulate.clock import DAYS
from ml.simulate.honest import Setting, honest_plans, join_plans, plans_of
from ml.simulate.levels import FEW
from ml.simulate.population import Population, Variant, joined, make_setting
from ml.simulate.recruits import copies, own_wrappers, without_work
from ml.simulate.routes import routes
from ml.simulate.seeds import Columns, Numbers, Seeds, pick
from ml.simulate.tiers import Tier

VOLUME: Final = 100_000.0
MOST_ACCOUNTS: Final = 5
_TEAMS: Final = ("synthetic_data", "nightly_eval", "red_team")
_COVER: Final = ("startup", "individual", "document_pipeline", "ci_runner")
_STYLES: Final = {"reasons": 0.45, "rubric": 0.35, "probe": 0.2}
_WAYS: Final = ("together", "relay", "uneven")
_NETWORKS: Final = (0, 1, 3)  # levels whose networks are used: rack, VPN, households
_LEAST: Final = 250.0  # requests a day: everybody here reports windows
_REPEATED: Final = {"nightly_eval": 2_000.0, "red_team": 8_000.0}


@dataclass(frozen=True, slots=True)
class Bout:
    """One job of a team: its share of accounts and days, [accounts]."""

    starts: Numbers
    ends: Numbers
    rates: Numbers
    way: str


def few_population(seeds: Seeds, tier: Tier, _: Variant) -> Population:
    """Draw the honest accounts of a seed, teams of each kind, and as many campaigns."""
    setting = make_setting(seeds)
    honest = without_work(honest_plans(setting, tier.honest))
    aside = replace(setting, seeds=seeds.apart("few"))
    count = int(np.clip(tier.honest // 150, 4, 60))
    teams = [_teams(aside, name, count) for name in _TEAMS]
    rings, recruits = _campaigns(aside, honest, count)
    people = joined(setting, rings, join_plans([honest, *teams]), recruits)
    first = len(honest["arch"])
    _one_house(people.said, people.plans["group"], first)
    return people


def bouts(rng: np.random.Generator, count: int) -> list[Bout]:
    """Draw jobs of some 100,000 prompts; every second one starts after day 70."""
    found = []
    for number in range(count):
        days = float(np.exp(rng.uniform(np.log(3), np.log(30))))
        accounts = int(rng.integers(1, MOST_ACCOUNTS + 1))
        late = number % 2 == 1
        latest = min(110.0, DAYS - days)
        start = float(rng.uniform(72, max(latest, 73)) if late else rng.uniform(2, 40))
        volume = VOLUME * float(rng.uniform(0.7, 1.3))
        way = _WAYS[int(rng.integers(0, len(_WAYS)))]
        found.append(_bout(rng, start, days, accounts, volume, way))
    return found


def _bout(
    rng: np.random.Generator,
    start: float,
    days: float,
    accounts: int,
    volume: float,
    way: str,
) -> Bout:
    """Split one job over its accounts: side by side, in turn, or one doing most."""
    starts = start + rng.uniform(0, 0.2, accounts)
    ends = np.full(accounts, start + days)
    weights = rng.lognormal(0, 1.2 if way == "uneven" else 0.15, accounts)
    if way == "relay":
        cuts = start + days * np.arange(accounts + 1) / accounts
        starts, ends = cuts[:-1] + rng.uniform(0, 0.1, accounts), cuts[1:]
    ends = np.minimum(ends, DAYS)
    share = volume * weights / weights.sum()
    return Bout(starts, ends, np.maximum(share / (ends - starts), _LEAST), way)


def _campaigns(
    setting: Setting, honest: Columns, count: int
) -> tuple[list[Ring], Columns]:
    """Return the campaigns, and their accounts as copies of honest ones."""
    rng = setting.seeds.rng("campaigns")
    rings, parts = [], []
    for number, bout in enumerate(bouts(rng, count)):
        ring = _ring(rng, number, bout)
        cover = INDEX[_COVER[int(rng.integers(0, len(_COVER)))]]
        hosts = np.flatnonzero(honest["arch"] == cover)
        plans = copies(ring, honest, rng.choice(hosts, ring.size))
        network = replace(ring, level=int(rng.choice(_NETWORKS)))
        plans |= routes(setting, network, rng, plans)
        plans |= _busy(rng, bout)
        plans |= _asking(setting, rng, ring.size)
        plans |= {"work_from": bout.starts, "work_to": bout.ends}
        if bout.way == "relay":
            plans["heir_of"] = np.arange(ring.size) - 1
        rings.append(ring)
        parts.append(plans)
    plans = join_plans(parts)
    # a shared wording is the campaign's; the rest of each copy is its own
    kept = plans["tmpl"]
    return rings, plans | own_wrappers(setting, plans) | {"tmpl": kept}


def _ring(rng: np.random.Generator, number: int, bout: Bout) -> Ring:
    return Ring(
        number=number,
        name=f"G-few-{number:03d}",
        campaign="G",
        level=FEW,
        mechanism=bout.way,
        size=len(bout.starts),
        start=float(bout.starts.min()),
        until=float(bout.ends.max()),
        rate=float(bout.rates.mean()),
        turns=1.0,
        replays=bool(rng.random() < 0.4),
        softens=False,
        farm=False,
        without=None,
    )


def _teams(setting: Setting, name: str, count: int) -> Columns:
    """Return honest teams of one kind whose jobs have the same size and pace."""
    rng = setting.seeds.rng("teams", name)
    kind = replace(ARCHETYPES[INDEX[name]], framework=0.0, group_size=0)
    jobs = bouts(rng, count)
    sizes = np.array([len(job.starts) for job in jobs])
    plans = plans_of(setting, kind, int(sizes.sum()), np.zeros(1, np.int64))
    busy = join_plans([_busy(rng, job) for job in jobs])
    asking = join_plans([_asking(setting, rng, int(size)) for size in sizes])
    plans |= busy | asking
    if name in _REPEATED:  # a fixed set of questions, asked again and again
        center = _REPEATED[name]
        plans["own_fillers"] = center * rng.lognormal(0, 0.5, len(plans["arch"]))
    plans["group"] = np.repeat(np.arange(count), sizes) + 100_000 * (1 + INDEX[name])
    return without_work(plans)


def _busy(rng: np.random.Generator, bout: Bout) -> Columns:
    """Return the rhythm of a job, the same law for campaigns and teams."""
    n = len(bout.starts)
    opened = np.where(
        rng.random(n) < 0.4, rng.exponential(60, n), rng.exponential(4, n)
    )
    return {
        "created": bout.starts - 0.02 - opened,
        "active_from": bout.starts,
        "active_to": bout.ends,
        "rate": bout.rates,
        "day_share": np.ones(n),
        "weekend": np.full(n, float(rng.uniform(0.8, 1.0))),
        "noise": np.full(n, float(rng.uniform(0.2, 0.5))),
        "flat": np.full(n, float(rng.beta(2, 1.5))),
        "spike_from": np.full(n, 1e9),
        "client_awake": np.full(n, np.nan),
    }


def _asking(setting: Setting, rng: np.random.Generator, accounts: int) -> Columns:
    """Return what a job asks: a few wrappers in common, in many languages."""
    wrappers = int(rng.integers(1, 7))
    rows = setting.templates.add(rng, pick(rng, wrappers, _STYLES), 10**6)
    return {
        "tmpl": np.full(accounts, rows[0]),
        "tmpl_n": np.full(accounts, wrappers),
        "frame": np.full(accounts, -1),
        "own_fillers": np.full(accounts, 1e9),
        "shared_fillers": np.zeros(accounts),
        "language_spread": rng.beta(6, 2, accounts),
    }


def _one_house(said: Columns, group: NDArray[np.int64], first: int) -> None:
    """Let accounts of one team stand in the name of one organization."""
    rows = np.arange(first, len(group))
    rows = rows[group[rows] >= 100_000]
    rows = rows[np.isin(group[rows] // 100_000 - 1, [INDEX[name] for name in _TEAMS])]
    _, lead, back = np.unique(group[rows], return_index=True, return_inverse=True)
    before = rows[lead][back]
    for name in ("org_name", "org_domain", "registration_number", "kind", "contract"):
        said[name][rows] = said[name][before]
    local = [str(mail).split("@")[0] for mail in said["email"][rows]]
    house = [str(mail).split("@")[1] for mail in said["email"][before]]
    said["email"][rows] = np.array(
        [f"{name}@{domain}" for name, domain in zip(local, house, strict=True)], object
    )
    said["mail_class"][rows] = said["mail_class"][before]
