"""What really happened: written beside the bundle, read by nobody but a scorer."""

import numpy as np
import pyarrow as pa

from ml.simulate import arrow
from ml.simulate.archetypes import LOOKALIKE, NAMES
from ml.simulate.campaigns import Ring
from ml.simulate.clock import microseconds
from ml.simulate.records import account_names, text
from ml.simulate.scene import Scene
from ml.simulate.seeds import kept
from ml.simulate.sessions import WORK
from ml.simulate.unfold import Unfolded

_CLASSES = ("honest", "ring", "other-fraud")


def account_truth(scene: Scene, rings: list[Ring], unfolded: Unfolded) -> pa.Table:
    """Return one row an account: class, archetype, ring, level, lineage, volumes."""
    plans = scene.plans
    ids = account_names(scene)
    n = len(ids)
    ring = plans["ring"]
    member = ring >= 0
    work = scene.sessions["source"][unfolded.session] == WORK
    account = scene.sessions["account"][unfolded.session]

    def of_ring(field: str) -> pa.Array:
        values = np.array(
            [str(getattr(item, field)) for item in rings] + [None], object
        )
        return text(values[np.where(member, ring, len(rings))])

    first_of = np.searchsorted(ring[member], np.arange(len(rings)))
    start = np.flatnonzero(member)[0] if member.any() else 0
    heir = plans["heir_of"]
    before = start + first_of[np.maximum(ring, 0)] + np.maximum(heir, 0)
    order = np.argsort(scene.account_ids)
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
            "campaign": of_ring("campaign"),
            "ring": of_ring("name"),
            "level": arrow.coded(
                np.where(member, plans["level"], -1), [f"L{at}" for at in range(6)]
            ),
            "mechanism": of_ring("mechanism"),
            "replaces": text(kept(heir >= 0, ids[np.minimum(before, n - 1)])),
            "created_at": arrow.times(microseconds(plans["created"]), scene.origin),
            "work_from": arrow.nulled(
                arrow.times(
                    microseconds(np.where(member, plans["work_from"], 0)), scene.origin
                ),
                member,
            ),
            "work_to": arrow.nulled(
                arrow.times(
                    microseconds(np.where(member, plans["work_to"], 0)), scene.origin
                ),
                member,
            ),
            "exchanges": arrow.integers(np.bincount(account, minlength=n), pa.int64()),
            "work_exchanges": arrow.integers(
                np.bincount(account[work], minlength=n), pa.int64()
            ),
        }
    )
    return table.take(pa.array(order))


def ring_truth(scene: Scene, rings: list[Ring]) -> pa.Table:
    """Return one row a ring: its operator's choices and its life."""
    days = {"started_at": "start", "ended_at": "until"}
    columns = {
        "ring": text(np.array([ring.name for ring in rings], object)),
        "campaign": text(np.array([ring.campaign for ring in rings], object)),
        "level": text(np.array([ring.habits.name for ring in rings], object)),
        "mechanism": text(np.array([ring.mechanism for ring in rings], object)),
        "accounts": pa.array([ring.size for ring in rings], pa.int32()),
        "rate": pa.array([ring.rate for ring in rings]),
        "turns": pa.array([ring.turns for ring in rings]),
        "replays": pa.array([ring.replays for ring in rings]),
        "softens": pa.array([ring.softens for ring in rings]),
    }
    for name, field in days.items():
        values = np.array([getattr(ring, field) for ring in rings])
        columns[name] = arrow.times(microseconds(values), scene.origin)
    return pa.table(columns)
