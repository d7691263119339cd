"""When an honest account is active, and how much it asks for.

Rates, active days and the shape of the local day come from the archetype; what happens
around the account (a deadline, a new model, a theft) is written over them.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from typing import Final

import numpy as np

from ml.simulate.archetypes import Archetype
from ml.simulate.clock import DAYS, Calendar
from ml.simulate.places import Places
from ml.simulate.production import draw_clients
from ml.simulate.seeds import Columns

WINDOWED_FROM: Final = 200.0  # exchanges a day from which only windows are reported
_BUSINESS: Final = 0.25  # share of organizations from which a kind runs in production


def rhythms(
    kind: Archetype,
    rng: np.random.Generator,
    plans: Columns,
    places: Places,
    calendar: Calendar,
) -> Columns:
    """Draw how much and when: rates, active days, the local day, bursts; [n] each."""
    n = len(plans["arch"])
    started = np.maximum(plans["created"], 0) + rng.exponential(0.6, n) * (
        rng.random(n) < 0.7
    )
    life = rng.exponential(kind.life, n) if kind.life else np.full(n, 2.0 * DAYS)
    local = np.where(rng.random(n) < 0.85, plans["located"], plans["country"])
    peak = rng.normal(kind.hours[0], kind.hours[1], n) - places.offset[local]
    rhythm: Columns = {
        "active_from": started,
        "active_to": np.minimum(started + life, DAYS),
        "rate": np.minimum(
            rng.lognormal(np.log(kind.rate[0]), kind.rate[1], n), 30_000
        ),
        "day_share": rng.beta(*kind.days, n),
        "noise": rng.uniform(0.3, 0.9, n),
        "weekend": kind.weekend * rng.uniform(0.7, 1.3, n),
        "peak": peak % 24,
        "width": kind.hours[2] * rng.uniform(0.6, 1.5, n),
        "flat": np.clip(kind.hours[3] * rng.lognormal(0, 0.7, n), 0, 1),
        "turns": np.maximum(1 + (kind.turns - 1) * rng.lognormal(0, 0.4, n), 1),
        "think": rng.lognormal(np.log(60), 0.7, n),
        "spike_from": np.full(n, 1e9),
        "spike_days": rng.uniform(1.5, 3, n),
        "spike": np.ones(n),
    }
    rhythm |= _volumes(kind, rng, rhythm)
    rhythm |= _production(kind, rng, rhythm)
    _disturb(kind, rng, rhythm, plans, calendar)
    return rhythm


def _production(kind: Archetype, rng: np.random.Generator, rhythm: Columns) -> Columns:
    """Let busy businesses ask as real production clients do; NaN for all others."""
    busy = (rhythm["rate"] > WINDOWED_FROM) & (kind.organization > _BUSINESS)
    clients: Columns = {"rate": rhythm["rate"].copy()}
    for name, values in draw_clients(rng, int(busy.sum())).items():
        clients[f"client_{name}"] = np.full(len(busy), np.nan)
        clients[f"client_{name}"][busy] = values
    clients["rate"][busy] = clients["client_rate"][busy]
    return clients


def _disturb(
    kind: Archetype,
    rng: np.random.Generator,
    rhythm: Columns,
    plans: Columns,
    calendar: Calendar,
) -> None:
    """Write over the rhythm what comes from outside: dates, news, theft, schedules."""
    n = len(rhythm["rate"])
    if kind.name == "campus":  # assignments are due
        due = rng.uniform(5, DAYS - 5, int(plans["owner"].max()) + 1)[plans["owner"]]
        rhythm["spike_from"], rhythm["spike"] = due, rng.uniform(3, 10, n)
    if kind.name in {"researcher", "red_team"}:  # a new model is news
        rhythm["spike_from"] = calendar.release + rng.exponential(0.8, n)
        rhythm["spike"] = rng.uniform(2, 6, n)
    if kind.name == "stolen_key":  # somebody else uses it for a few days
        rhythm["spike_from"] = plans["created"].clip(5) + rng.uniform(3, 25, n)
        rhythm["spike"] = rng.uniform(8, 25, n)
    if kind.name == "ci_runner":  # nightly at a fixed hour
        nightly = rng.random(n) < 0.6
        rhythm["width"] = np.where(nightly, 0.4, rhythm["width"])
        rhythm["flat"] = np.where(nightly, 0.05, rhythm["flat"])


def _volumes(kind: Archetype, rng: np.random.Generator, rhythm: Columns) -> Columns:
    """Split those below windows in many who try it and some who work with it.

    Volumes of real clients spread over five powers of ten; without regulars a quiet
    campaign account would be the busiest of all.
    """
    n = len(rhythm["rate"])
    started = rhythm["active_from"]
    life = rhythm["active_to"] - started
    quiet = rhythm["rate"] <= WINDOWED_FROM
    regular = quiet & (rng.random(n) < 1.8 * kind.regulars)
    stays = np.minimum(np.maximum(life, 8 + rng.exponential(28, n)), DAYS - started)
    tried = rng.lognormal(np.log(5), 1.2, n) / np.maximum(rhythm["rate"] * life, 1)
    few = np.where(quiet, np.minimum(rhythm["day_share"], tried), rhythm["day_share"])
    return {
        "rate": np.where(regular, rng.lognormal(np.log(6.6), 0.45, n), rhythm["rate"]),
        "day_share": np.where(regular, rng.beta(5, 1.8, n), few),
        "active_to": np.where(regular, started + stays, rhythm["active_to"]),
    }
