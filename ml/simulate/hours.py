"""The hours of busy accounts: who asked how often in which hour of the world."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.clock import DAYS
from ml.simulate.production import hourly_means, in_production
from ml.simulate.seeds import Columns, Numbers
from ml.simulate.sessions import daily_means, spikes, windowed

_AT_ONCE: Final = 1_000  # accounts whose hours are held in memory


@dataclass(frozen=True, slots=True)
class Hours:
    """Busy hours, [n]: account, hour of the world, requests.

    `tokens` is [n, 4], mean and median of input and of output, where hours follow a
    trace; NaN where they follow the account's templates, as all do without it.
    """

    account: NDArray[np.int64]
    hour: NDArray[np.int64]
    requests: NDArray[np.int64]
    tokens: NDArray[np.float64] | None = None

    def with_told(self, told: "Hours | None") -> "Hours":
        """Return the same hours, those of accounts in `told` replaced by its own."""
        if told is None or told.tokens is None:
            return self
        own = ~np.isin(self.account, told.account)
        unknown = np.full((int(own.sum()), 4), np.nan)
        return Hours(
            np.concatenate([self.account[own], told.account]),
            np.concatenate([self.hour[own], told.hour]),
            np.concatenate([self.requests[own], told.requests]),
            np.concatenate([unknown, told.tokens]),
        )


def busy_hours(scene_plans: Columns, rng: np.random.Generator) -> Hours:
    """Draw the hourly requests of all accounts that report windows."""
    rows = np.flatnonzero(windowed(scene_plans))
    parts = [
        _some_busy_hours(scene_plans, rows[start : start + _AT_ONCE], rng)
        for start in range(0, max(len(rows), 1), _AT_ONCE)
    ]
    return Hours(
        np.concatenate([part.account for part in parts]),
        np.concatenate([part.hour for part in parts]),
        np.concatenate([part.requests for part in parts]),
    )


def _some_busy_hours(
    plans: Columns, rows: NDArray[np.int64], rng: np.random.Generator
) -> Hours:
    part = {name: values[rows] for name, values in plans.items()}
    real = in_production(part)
    people = {name: values[~real] for name, values in part.items()}
    clients = {name: values[real] for name, values in part.items()}
    hourly = np.empty((len(rows), DAYS * 24))
    hourly[~real] = _spread_over_days(people, rng)
    hourly[real] = hourly_means(clients, rng) * np.repeat(spikes(clients), 24, axis=1)
    counts = rng.poisson(hourly)
    at, hour = np.nonzero(counts)
    open_ = (hour / 24 >= part["active_from"][at]) & (hour / 24 < part["active_to"][at])
    at, hour = at[open_], hour[open_]
    return Hours(rows[at], hour, counts[at, hour])


def _spread_over_days(part: Columns, rng: np.random.Generator) -> Numbers:
    """Return expected requests of people who ask much: by day, then by the clock."""
    means = daily_means(part, rng)
    hours = np.arange(24)[None, :] + 0.5
    away = np.abs((hours - part["peak"][:, None] + 12) % 24 - 12)
    shape = np.exp(-0.5 * (away / np.maximum(part["width"], 1)[:, None]) ** 2)
    shape /= shape.sum(1, keepdims=True)
    shape = part["flat"][:, None] / 24 + (1 - part["flat"])[:, None] * shape
    hourly = means[:, :, None] * shape[:, None, :]
    return (hourly * rng.gamma(2, 0.5, hourly.shape)).reshape(len(means), DAYS * 24)
