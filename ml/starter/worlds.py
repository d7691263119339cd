"""What is kept of one simulated world: features at past moments, and the truth."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.frames import FeatureFrame

_PARTS: Final = ("account_ids", "values", "has_usage", "chosen")


@dataclass(frozen=True, slots=True)
class Person:
    """Who one account really is: its level and ring where it is of a campaign."""

    account_id: str
    archetype: str
    level: str | None
    ring: str | None
    honest: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """Every account known `back` weeks before the world's end.

    `chosen` is bool [accounts]: the accounts that teach most at this moment.
    """

    back: int
    frame: FeatureFrame
    chosen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class World:
    """One world: by kind of model its moments, the oldest first, and who was who."""

    seed: int
    moments: Mapping[str, Sequence[Moment]]
    truth: tuple[Person, ...]


def save(path: Path, world: World) -> None:
    """Write a world in one rename."""
    arrays: dict[str, Any] = {}
    heads = []
    for kind, moments in world.moments.items():
        for moment in moments:
            frame = moment.frame
            columns = (np.array(frame.account_ids), frame.values, frame.has_usage)
            for part, column in zip(_PARTS, (*columns, moment.chosen), strict=True):
                arrays[f"{kind}-{moment.back}-{part}"] = column
            head = {"names": frame.names, "catalogue": frame.catalogue}
            heads.append(head | {"kind": kind, "back": moment.back})
    told = [
        [each.account_id, each.archetype, each.level, each.ring, each.honest]
        for each in world.truth
    ]
    text = json.dumps({"seed": world.seed, "moments": heads, "truth": told})
    draft = path.with_name(f".{path.name}")
    with draft.open("wb") as file:
        np.savez_compressed(file, about=np.array(text), **arrays)
    draft.replace(path)


def load(path: Path) -> World:
    """Read a world that `save` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        moments: dict[str, list[Moment]] = {}
        for head in about["moments"]:
            name = f"{head['kind']}-{head['back']}"
            ids, values, has_usage, chosen = (
                arrays[f"{name}-{part}"] for part in _PARTS
            )
            frame = FeatureFrame(
                tuple(ids.tolist()),
                tuple(head["names"]),
                values,
                has_usage,
                head["catalogue"],
            )
            moments.setdefault(head["kind"], []).append(
                Moment(head["back"], frame, chosen)
            )
    truth = tuple(Person(*each) for each in about["truth"])
    return World(about["seed"], moments, truth)
