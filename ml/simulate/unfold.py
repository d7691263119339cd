"""Sessions unfolded into exchanges in time order, and what the provider answered."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.clock import DAY_US, DAYS, microseconds
from ml.simulate.content import Exchanges
from ml.simulate.scene import Scene, event_keys
from ml.simulate.seeds import Numbers, mix, uniform
from ml.simulate.sessions import WORK, windowed

OK, RATE_LIMITED, OVERLOADED, FORBIDDEN, DOWN = 200, 429, 529, 403, 503
_GRACE_DAYS: Final = 0.1  # for how long a client keeps calling after a suspension


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A run of exchanges in time order: session, turn, microseconds."""

    session: NDArray[np.int64]
    turn: NDArray[np.int16]
    at_us: NDArray[np.int64]


def unfold(scene: Scene, at_least: int) -> Iterator[Unfolded]:
    """Give every turn its time; drop what falls out of the world or past a ban.

    Yields runs of days that follow each other, of `at_least` exchanges where there are
    so many: a world is written in the memory that a few days take.
    """
    started = _starts(scene)
    order = np.argsort(started, kind="stable")
    bounds = np.searchsorted(started[order], np.arange(1, DAYS))
    waiting: list[Unfolded] = []
    for day, rows in enumerate(np.split(order, bounds)):
        rng = scene.setting.seeds.rng("unfold", day)
        waiting.append(_turns(scene, rows, started[rows], rng))
        ready = sum(len(part.session) for part in waiting) >= at_least
        if ready or day == DAYS - 1:
            until = (DAYS if day == DAYS - 1 else day + 1) * DAY_US
            now, later = _split(scene, waiting, until)
            waiting = [later]
            yield now


def _starts(scene: Scene) -> Numbers:
    """Return when sessions start; most of those that an outage stops come after it.

    A sample of a busy hour stays in its hour: the window has counted it there.
    """
    starts, plan = scene.sessions["start"], scene.setting.calendar
    over = plan.incident + plan.incident_hours / 24
    session = np.arange(len(starts))
    stopped = (starts >= plan.incident) & (starts < over)
    stopped &= uniform(mix(scene.key, 17, session)) < 0.6
    stopped &= ~windowed(scene.plans)[scene.sessions["account"]]
    after = over - 0.02 * np.log1p(-uniform(mix(scene.key, 18, session)))
    return np.where(stopped, after, starts)


def _turns(
    scene: Scene, rows: NDArray[np.int64], started: Numbers, rng: np.random.Generator
) -> Unfolded:
    """Return the turns of one day's sessions, in no order."""
    sessions, plans = scene.sessions, scene.plans
    turns = sessions["turns"][rows].astype(np.int64)
    at = np.repeat(np.arange(len(rows)), turns)
    first = np.concatenate([[0], np.cumsum(turns)])[:-1]
    turn = (np.arange(len(at)) - first[at] + 1).astype(np.int16)
    session = rows[at]
    account = sessions["account"][session]
    work = sessions["source"][session] == WORK
    think = plans["think"][account] * np.where(work, plans["work_pace"][account], 1)
    passed = np.cumsum(think * rng.lognormal(0, 1, len(session)) / 86_400)
    day = started[at] + passed - passed[first[at]]
    kept = (day < DAYS) & (day < plans["suspended"][account] + _GRACE_DAYS)
    return Unfolded(session[kept], turn[kept], microseconds(day[kept]))


def _split(
    scene: Scene, parts: list[Unfolded], until: int
) -> tuple[Unfolded, Unfolded]:
    """Sort what happens before `until` by time; hand back what comes later."""
    session = np.concatenate([part.session for part in parts])
    turn = np.concatenate([part.turn for part in parts])
    at_us = np.concatenate([part.at_us for part in parts])
    now = at_us < until
    later = Unfolded(session[~now], turn[~now], at_us[~now])
    session, turn, at_us = session[now], turn[now], at_us[now]
    order = np.lexsort((event_keys(scene.key, session, turn), at_us))
    return Unfolded(session[order], turn[order], at_us[order]), later


def statuses(
    scene: Scene, rows: Exchanges, turn: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the HTTP status of that turn of each row's session."""
    return statuses_of(scene, rows.session, rows.account, rows.day, turn)


def statuses_of(
    scene: Scene,
    session: NDArray[np.int64],
    account: NDArray[np.int64],
    day: Numbers,
    turn: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the same for exchanges that are given by their columns."""
    plan = scene.setting.calendar
    chance = uniform(mix(scene.key, 31, session, turn))
    fails = scene.plans["fails"][account]
    status = np.where(chance < fails, RATE_LIMITED, OK)
    status = np.where(chance < fails * 0.3, OVERLOADED, status)
    since = day - plan.incident
    down = (since >= 0) & (since < plan.incident_hours / 24) & (chance < 0.5)
    status = np.where(down, DOWN, status)
    return np.where(day > scene.plans["suspended"][account], FORBIDDEN, status)
