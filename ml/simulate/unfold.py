"""Sessions unfolded into exchanges in time order, and what the provider answered."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.clock import DAYS, microseconds
from ml.simulate.content import Exchanges
from ml.simulate.scene import Scene, event_keys
from ml.simulate.seeds import mix, uniform
from ml.simulate.sessions import WORK

OK, RATE_LIMITED, OVERLOADED, FORBIDDEN, DOWN = 200, 429, 529, 403, 503
_GRACE_DAYS: Final = 0.1  # for how long a client keeps calling after a suspension


@dataclass(frozen=True, slots=True)
class Unfolded:
    """All exchanges of the world in time order: session, turn, microseconds."""

    session: NDArray[np.int64]
    turn: NDArray[np.int16]
    at_us: NDArray[np.int64]


def unfold(scene: Scene) -> Unfolded:
    """Give every turn its time; drop what falls out of the world, an outage, a ban."""
    rng = scene.setting.seeds.rng("unfold")
    sessions, plans, plan = scene.sessions, scene.plans, scene.setting.calendar
    turns = sessions["turns"].astype(np.int64)
    session = np.repeat(np.arange(len(turns)), turns)
    first = np.concatenate([[0], np.cumsum(turns)[:-1]])
    turn = (np.arange(len(session)) - first[session] + 1).astype(np.int16)
    account = sessions["account"][session]
    think = plans["think"][account] * np.where(
        sessions["source"][session] == WORK, 0.3, 1
    )
    gaps = think * rng.lognormal(0, 1, len(session)) / 86_400
    passed = np.cumsum(gaps)
    day = sessions["start"][session] + passed - passed[first][session]
    closed = plans["suspended"][account] + _GRACE_DAYS
    since = day - plan.incident
    down = (since >= 0) & (since < plan.incident_hours / 24)
    kept = (day < DAYS) & (day < closed) & ~(down & (rng.random(len(day)) < 0.6))
    session, turn = session[kept], turn[kept]
    at_us = microseconds(day[kept])
    order = np.lexsort((event_keys(scene.key, session, turn), at_us))
    return Unfolded(session[order], turn[order], at_us[order])


def statuses(
    scene: Scene, rows: Exchanges, turn: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the HTTP status of that turn of each row's session."""
    plan = scene.setting.calendar
    chance = uniform(mix(scene.key, 31, rows.session, turn))
    fails = scene.plans["fails"][rows.account]
    status = np.where(chance < fails, RATE_LIMITED, OK)
    status = np.where(chance < fails * 0.3, OVERLOADED, status)
    since = rows.day - plan.incident
    down = (since >= 0) & (since < plan.incident_hours / 24) & (chance < 0.5)
    status = np.where(down, DOWN, status)
    return np.where(
        rows.day > scene.plans["suspended"][rows.account], FORBIDDEN, status
    )
