"""What really happened: written beside the bundle, read by nobody but a scorer."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.simulate import arrow
from ml.simulate.archetypes import LOOKALIKE, NAMES
from ml.simulate.campaigns import Ring
from ml.simulate.clock import microseconds
from ml.simulate.exchanges import Tally
from ml.simulate.levels import EVERY_LEVEL
from ml.simulate.records import account_names, text
from ml.simulate.scene import Scene
from ml.simulate.seeds import Columns, kept

_CLASSES = ("honest", "ring", "other-fraud")


def account_truth(scene: Scene, rings: list[Ring], tally: Tally) -> pa.Table:
    """Return one row an account: class, archetype, ring, level, lineage, volumes."""
    plans = scene.plans
    ids = account_names(scene)
    member = plans["ring"] >= 0
    twin = plans["twin_of"]
    table = pa.table(
        {
            "account_id": text(ids),
            "class": arrow.coded(plans["class"], _CLASSES),
            "archetype": text(np.array(NAMES, object)[plans["arch"]]),
            "lookalike": pa.array(np.array(LOOKALIKE)[plans["arch"]] & ~member),
            "group": text(
                kept((plans["group"] >= 0) & ~member, plans["group"].astype(str))
            ),
            "country_group": arrow.integers(
                scene.setting.places.group[plans["country"]], pa.int32()
            ),
            "campaign": _of_ring(plans, rings, "campaign"),
            "ring": _of_ring(plans, rings, "name"),
            "level": arrow.coded(
                np.where(member, plans["level"], -1),
                [level.name for level in EVERY_LEVEL],
            ),
            "mechanism": _of_ring(plans, rings, "mechanism"),
            "replaces": text(_replaced(plans, rings, ids)),
            "created_at": arrow.times(microseconds(plans["created"]), scene.origin),
            "work_from": _work_times(scene, "work_from"),
            "work_to": _work_times(scene, "work_to"),
            "exchanges": arrow.integers(tally.every, pa.int64()),
            "work_exchanges": arrow.integers(tally.work, pa.int64()),
            "twin_of": text(kept(twin >= 0, ids[np.maximum(twin, 0)])),
        }
    )
    return table.take(pa.array(np.argsort(scene.account_ids)))


def _of_ring(plans: Columns, rings: list[Ring], field: str) -> pa.Array:
    """Return a field of each account's ring; null where it is in none."""
    values = np.array([str(getattr(item, field)) for item in rings] + [None], object)
    return text(values[np.where(plans["ring"] >= 0, plans["ring"], len(rings))])


def _replaced(
    plans: Columns, rings: list[Ring], ids: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return the id of the account that each one replaces, or None.

    `heir_of` counts within a ring, whose accounts stand together in the plans.
    """
    ring, heir = plans["ring"], plans["heir_of"]
    member = ring >= 0
    first_of = np.searchsorted(ring[member], np.arange(max(len(rings), 1)))
    start = np.flatnonzero(member)[0] if member.any() else 0
    before = start + first_of[np.maximum(ring, 0)] + np.maximum(heir, 0)
    return kept(heir >= 0, ids[np.minimum(before, len(ids) - 1)])


def _work_times(scene: Scene, field: str) -> pa.Array:
    """Return when an account's work starts or ends; null outside of rings."""
    member = scene.plans["ring"] >= 0
    moments = microseconds(np.where(member, scene.plans[field], 0))
    return arrow.nulled(arrow.times(moments, scene.origin), member)


def day_truth(scene: Scene, tally: Tally) -> pa.Table:
    """Return what each ring account asked and got for its work, one row a day.

    Hours that busy accounts report as windows count as work, and as answered.
    """
    place, day = np.nonzero(tally.days)
    ids = account_names(scene)[scene.plans["ring"] >= 0][place]
    order = np.lexsort((day, ids.astype(str)))
    place, day = place[order], day[order]
    starts = microseconds(day.astype(np.float64))
    return pa.table(
        {
            "account_id": text(ids[order]),
            "day": arrow.times(starts, scene.origin),
            "asked": pa.array(tally.days[place, day], pa.int32()),
            "served": pa.array(tally.served[place, day], pa.int32()),
        }
    )


def carriers(scene: Scene, accounts: NDArray[np.int64]) -> pa.Table:
    """Return the accounts whose hours are those of real clients, honest or not."""
    return pa.table({"account_id": text(account_names(scene)[np.unique(accounts)])})


def ring_truth(scene: Scene, rings: list[Ring]) -> pa.Table:
    """Return one row a ring: its operator's choices and its life."""
    days = {"started_at": "start", "ended_at": "until"}
    columns = {
        "ring": text(np.array([ring.name for ring in rings], object)),
        "campaign": text(np.array([ring.campaign for ring in rings], object)),
        "level": text(np.array([ring.habits.name for ring in rings], object)),
        "mechanism": text(np.array([ring.mechanism for ring in rings], object)),
        "accounts": pa.array([ring.size for ring in rings], pa.int32()),
        "rate": pa.array([ring.rate for ring in rings], pa.float64()),
        "turns": pa.array([ring.turns for ring in rings], pa.float64()),
        "replays": pa.array([ring.replays for ring in rings], pa.bool_()),
        "softens": pa.array([ring.softens for ring in rings], pa.bool_()),
        "farm": pa.array([ring.farm for ring in rings], pa.bool_()),
    }
    for name, field in days.items():
        values = np.array([getattr(ring, field) for ring in rings], float)
        columns[name] = arrow.times(microseconds(values), scene.origin)
    return pa.table(columns)
