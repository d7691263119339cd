"""How operators hand a campaign's work queue to their accounts.

The queue holds every item once. An operator splits it over whatever accounts live, and
when one is lost in the middle of the day another takes over its jobs.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

import numpy as np
from numpy.typing import NDArray

from ml.simulate.campaigns import Ring
from ml.simulate.clock import is_weekend
from ml.simulate.honest import Setting
from ml.simulate.levels import FEW, RESALE, RIDERS, TWINS
from ml.simulate.seeds import Columns, Numbers, mix, uniform
from ml.simulate.sessions import WORK, hours_of_day, no_sessions

_SHARD = 50
OWN_RHYTHM = (TWINS, FEW, RIDERS)  # their accounts ask in their own time


def work_sessions(setting: Setting, rings: list[Ring], plans: Columns) -> Columns:
    """Return the work sessions of all rings; items are numbered along each queue."""
    rings = [ring for ring in rings if ring.level not in OWN_RHYTHM]
    if not rings:
        return no_sessions()
    parts = [_ring_jobs(setting, ring, plans) for ring in rings]
    jobs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    campaign = np.concatenate(
        [
            np.full(len(part["start"]), ord(ring.campaign))
            for ring, part in zip(rings, parts, strict=True)
        ]
    )
    order = np.lexsort((jobs["start"], campaign))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    jobs["item"] = mix(setting.seeds.key("queue"), place)
    _sample_again(setting, rings, plans, jobs)
    return jobs


def _sample_again(
    setting: Setting, rings: list[Ring], plans: Columns, jobs: Columns
) -> None:
    """From level 2 on, let accounts ask some items a second time, as people do."""
    rng = setting.seeds.rng("again")
    habit = np.zeros(max(ring.number for ring in rings) + 1)
    for ring in rings:
        habit[ring.number] = rng.uniform(0, 0.5) * (ring.level > 1)
    order = np.lexsort((jobs["start"], jobs["account"]))
    account = jobs["account"][order]
    chosen = rng.random(len(order)) < habit[plans["ring"][account]]
    chosen[0] = False
    chosen[1:] &= account[1:] == account[:-1]
    # runs of chosen jobs go back to the last one that was not
    last = np.maximum.accumulate(np.where(chosen, 0, np.arange(len(order))))
    for name in ("item", "tmpl", "variant"):
        jobs[name][order] = jobs[name][order][last]


def _ring_jobs(setting: Setting, ring: Ring, plans: Columns) -> Columns:
    rng = setting.seeds.rng("dispatch", ring.number)
    rows = np.flatnonzero(plans["ring"] == ring.number)
    part = {name: values[rows] for name, values in plans.items()}
    at, starts = _split(setting, ring, rng, part)
    at = _hand_over(rng, part, at, starts)
    kept = at >= 0
    at, starts = at[kept], starts[kept]
    turns = _turns(ring, rng, part["turns"][at])
    tmpl, variant = _templates(setting, ring, part, at, starts)
    return {
        "account": rows[at],
        "start": starts,
        "turns": turns,
        "source": np.full(len(at), WORK, np.int8),
        "tmpl": tmpl,
        "item": np.zeros(len(at), np.uint64),
        "variant": variant,
    }


def _split(
    setting: Setting, ring: Ring, rng: np.random.Generator, part: Columns
) -> tuple[NDArray[np.int64], Numbers]:
    """Assign each day's jobs to accounts and hours by the operator's mechanism."""
    seeds = setting.seeds
    cover = min(ring.near(seeds, "cover"), 0.9)
    weekend, flat = ring.near(seeds, "weekend"), ring.near(seeds, "flat")
    each = max(ring.rate * (1 - cover), 1.0) / ring.turns
    accounts, times = [], []
    for day in range(int(ring.start), int(np.ceil(ring.until))):
        live = np.flatnonzero((part["work_from"] < day + 1) & (part["work_to"] > day))
        if not len(live):
            continue
        rest = weekend if is_weekend(np.array([float(day)]))[0] else 1.0
        on_duty = live[rng.random(len(live)) < part["work_days"][live]]
        if not len(on_duty):
            continue
        live = on_duty
        count = int(rng.poisson(each * rest * len(live)))
        chosen, hours = _assigned(ring, rng, part, live, count, flat)
        accounts.append(chosen)
        times.append(day + hours / 24)
    return np.concatenate(accounts), np.concatenate(times)


def _assigned(
    ring: Ring,
    rng: np.random.Generator,
    part: Columns,
    live: NDArray[np.int64],
    count: int,
    flat: float,
) -> tuple[NDArray[np.int64], Numbers]:
    """Give one day's jobs to accounts and hours, as the operator's dispatcher does."""
    anytime = rng.random(count) * 24
    if ring.mechanism == "shifts":
        turn = (anytime / 8).astype(np.int64)
        chosen = np.empty(count, np.int64)
        for at in range(3):
            mine = np.flatnonzero(turn == at)
            shift = live[part["member"][live] % 3 == at]
            chosen[mine] = rng.choice(shift if len(shift) else live, len(mine))
        return chosen, anytime
    if ring.mechanism == "round_robin":
        chosen = np.resize(rng.permutation(live), count)
    else:
        weights = part["work_weight"][live]
        chosen = rng.choice(live, count, p=weights / weights.sum())
    own = hours_of_day(rng, part, chosen)
    return chosen, np.where(rng.random(count) < flat, anytime, own)


def _hand_over(
    rng: np.random.Generator, part: Columns, at: NDArray[np.int64], starts: Numbers
) -> NDArray[np.int64]:
    """Move jobs of accounts that are not there (yet, or any more) to ones that are."""
    n = len(part["work_from"])

    def dead(rows: NDArray[np.int64], when: Numbers) -> NDArray[np.bool_]:
        return (when < part["work_from"][rows]) | (when >= part["work_to"][rows])

    for _ in range(12):
        lost = np.flatnonzero(dead(at, starts))
        if not len(lost):
            return at
        at[lost] = rng.integers(0, n, len(lost))
    return np.where(dead(at, starts), -1, at)


def _turns(ring: Ring, rng: np.random.Generator, usual: Numbers) -> NDArray[np.int16]:
    """Harvested agent work is deep and even; the rest is mostly single questions."""
    if ring.campaign == "C" and ring.level < 4:
        turns = np.rint(rng.normal(ring.turns, 0.15 * ring.turns, len(usual)))
    else:
        mean = ring.turns if ring.level < 4 else usual
        turns = rng.geometric(1 / mean, len(usual))
    return np.clip(turns, 1, 40).astype(np.int16)


def _templates(
    setting: Setting, ring: Ring, part: Columns, at: NDArray[np.int64], starts: Numbers
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return template row and paraphrase number (0 is the common wording)."""
    seeds = setting.seeds
    job = np.arange(len(at))
    if ring.level == RESALE:
        return _relayed(setting, ring, part, at)
    shard = job // _SHARD if ring.mechanism != "sticky_shards" else part["member"][at]
    topic = uniform(mix(seeds.key("topic", ring.number), shard, np.floor(starts / 7)))
    loose = uniform(mix(seeds.key("loose", ring.number), job))
    place = np.where(loose < 0.5, topic, uniform(mix(seeds.key("any"), job)))
    run = part["work_first"][at] + (place * part["work_few"][at]).astype(np.int64)
    tmpl = part["work_tmpl"][at] + run % part["work_tmpl_n"][at]
    kept = uniform(mix(seeds.key("kept", ring.number), job)) < ring.near(seeds, "keep")
    wording = 1 + part["member"][at] * 8 + (starts / 25).astype(np.int64)
    return tmpl, np.where(kept, 0, wording)


def _relayed(
    setting: Setting, ring: Ring, part: Columns, at: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what users of a reseller ask: their own templates, some more often."""
    user = uniform(mix(setting.seeds.key("user", ring.number), np.arange(len(at)))) ** 2
    tmpl = part["work_tmpl"][at] + (user * part["work_tmpl_n"][at]).astype(np.int64)
    return tmpl, np.zeros(len(at), np.int64)
