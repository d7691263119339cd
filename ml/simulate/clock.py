"""The 120 days of a world and what its provider does in them.

Inside the simulation time is a float in days since the first midnight (negative for
accounts that existed before); rows carry microseconds.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.seeds import Seeds

DAYS: Final = 120
DEFAULT_END: Final = datetime(2026, 11, 1, tzinfo=UTC)
DAY_US: Final = 86_400_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

OLD_MODEL, SMALL_MODEL, LARGE_MODEL, NEW_MODEL = range(4)
MODELS: Final = ("corvid-1", "corvid-2-mini", "corvid-2", "corvid-3")


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the provider does, in days: a release, an incident, a hardened model."""

    release: float
    incident: float
    incident_hours: float
    protection: float


def calendar(seeds: Seeds) -> Calendar:
    """Draw the provider's calendar; the release stays near day 95."""
    rng = seeds.rng("calendar")
    return Calendar(
        release=95 + float(rng.uniform(-2, 2)),
        incident=48 + float(rng.uniform(-4, 4)),
        incident_hours=float(rng.uniform(1.5, 4)),
        protection=60 + float(rng.uniform(-4, 4)),
    )


def provider_rows(plan: Calendar, start: datetime) -> list[dict[str, Any]]:
    """Return the rows of the bundle's `provider` table."""

    def at(days: float) -> datetime:
        return start + timedelta(days=days)

    return [
        {"kind": "model_release", "at": at(21.6), "name": MODELS[SMALL_MODEL]},
        {
            "kind": "incident",
            "at": at(plan.incident),
            "name": "api-outage",
            "until": at(plan.incident + plan.incident_hours / 24),
        },
        {
            "kind": "protection_change",
            "at": at(plan.protection),
            "name": MODELS[LARGE_MODEL],
            "data": '{"summarised_reasoning": true}',
        },
        {"kind": "model_release", "at": at(plan.release), "name": MODELS[NEW_MODEL]},
    ]


def microseconds(days: NDArray[np.float64]) -> NDArray[np.int64]:
    """Convert days to microseconds since the first midnight of the world."""
    return np.rint(days * DAY_US).astype(np.int64)


def origin_us(start: datetime) -> int:
    """Return the first midnight in microseconds since 1970."""
    return int((start - _EPOCH) / timedelta(microseconds=1))


def is_weekend(days: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which days rest. Day 0 is a Saturday, as it is with the default end."""
    return np.floor(days).astype(np.int64) % 7 < 2
