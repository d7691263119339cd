"""Everybody in a world, before anything happens: honest people, and rings as copies.

The main world and the scenarios beside it differ in nothing else: all that comes
later is written by the same code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.simulate import places
from ml.simulate.addresses import make_plan
from ml.simulate.campaigns import Ring, plan_rings
from ml.simulate.clock import DAYS, calendar
from ml.simulate.honest import (
    HONEST,
    OTHER_FRAUD,
    RING,
    Setting,
    honest_plans,
    join_plans,
)
from ml.simulate.hours import Hours
from ml.simulate.identity import identities
from ml.simulate.levels import EVERY_LEVEL
from ml.simulate.marks import leave_marks
from ml.simulate.recruits import recruit_plans, without_work
from ml.simulate.seeds import Columns, Seeds
from ml.simulate.templates import Templates
from ml.simulate.tiers import Tier

_NEVER = 1e9


@dataclass(frozen=True, slots=True)
class Variant:
    """What is different from the main world of a seed.

    `scenario` names a generator of scenarios.SCENARIOS; `without` a trace of
    levels.TRACES that no ring leaves; `operators` a half of levels.OPERATORS. `traces`
    is the folder of real traffic that the scenario `riders` reads.
    """

    scenario: str = "main"
    without: str | None = None
    operators: str = "all"
    traces: Path | None = None


@dataclass(frozen=True, slots=True)
class Population:
    """Rings, plans and sign-ups of all accounts; `told` are hours known beforehand."""

    setting: Setting
    rings: list[Ring]
    plans: Columns
    said: Columns
    told: Hours | None = None


def make_setting(seeds: Seeds) -> Setting:
    """Draw what all accounts of a world live in."""
    where = places.make_places(seeds)
    return Setting(
        seeds, where, make_plan(seeds, where), calendar(seeds), Templates(seeds)
    )


def main_population(seeds: Seeds, tier: Tier, variant: Variant) -> Population:
    """Draw all accounts: honest ones, then the rings' copies of them."""
    setting = make_setting(seeds)
    honest = without_work(honest_plans(setting, tier.honest))
    rings = plan_rings(seeds, tier, variant.without, variant.operators)
    recruits = recruit_plans(setting, rings, honest)
    return joined(setting, rings, honest, recruits)


def joined(
    setting: Setting,
    rings: list[Ring],
    honest: Columns,
    recruits: Columns,
    told: Hours | None = None,
) -> Population:
    """Give everybody a sign-up, and the rings their marks; ring accounts come last."""
    said = identities(setting, honest, "honest")
    theirs = identities(setting, recruits, "recruits")
    leave_marks(setting, rings, recruits, theirs)
    plans = join_plans([honest, {name: recruits[name] for name in honest}])
    judge(setting.seeds, rings, plans)
    return Population(setting, rings, plans, join_plans([said, theirs]), told)


def judge(seeds: Seeds, rings: Sequence[Ring], plans: Columns) -> None:
    """Let the provider's older rules suspend and limit; note each account's level."""
    rng = seeds.rng("legacy")
    n = len(plans["arch"])
    levels = np.array([ring.level for ring in rings], np.int64)
    ring = plans["class"] == RING
    plans["level"] = np.full(n, len(EVERY_LEVEL))
    plans["level"][ring] = levels[plans["ring"][ring]]
    legacy = np.array([*(level.legacy for level in EVERY_LEVEL), 0.0])
    chance = legacy[plans["level"]]
    chance = np.where(plans["class"] == OTHER_FRAUD, 0.45, chance)
    caught = (rng.random(n) < chance) & (plans["active_to"] < DAYS)
    plans["suspended"] = np.where(caught, plans["active_to"], _NEVER)
    span = np.maximum(plans["active_to"] - plans["active_from"], 0)
    moment = plans["active_from"] + rng.random(n) * span
    hit = rng.random(n) < np.where(plans["class"] == HONEST, 0.008, chance * 0.15)
    plans["limited"] = np.where(hit & (moment > 0), moment, _NEVER)
    disguise = np.array([*(level.elicits for level in EVERY_LEVEL), 0.0])
    plans["work_elicits"] = disguise[plans["level"]]
