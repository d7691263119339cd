"""All that rows are written from, and the names that keys and clients have in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.simulate.honest import CLIENTS, Setting
from ml.simulate.seeds import Columns, Keys, mix, names_of, uniform


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that rows are written from."""

    setting: Setting
    plans: Columns
    table: Columns
    sessions: Columns
    account_ids: Keys
    origin: int
    key: int


def event_keys(
    key: int, session: NDArray[np.int64], turn: NDArray[np.int16] | NDArray[np.int64]
) -> Keys:
    return mix(key, 21, session, turn)


def key_names(
    scene: Scene, account: NDArray[np.int64], number: NDArray[np.int64]
) -> Keys:
    return mix(scene.key, 25, account, number)


def key_created(
    scene: Scene, account: NDArray[np.int64], number: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return when a key was made, in days; the first one comes with the account."""
    created = scene.plans["created"][account]
    later = uniform(mix(scene.key, 26, account, number)) ** 2 * 60
    first_use = np.minimum(scene.plans["active_from"], scene.plans["work_from"])
    ready = np.clip(first_use[account] - created, 0, 0.02)
    soon = uniform(mix(scene.key, 27, account)) * ready
    return created + np.where(number > 0, later, soon)


def client_name(scene: Scene, code: int) -> str:
    mark = str(names_of(mix(scene.setting.seeds.key("client"), code))[0])
    common = ("t13d1011h2", "t13d1516h2", "t13d3112h1", "t12d1909h1")
    head = common[code % 4] if code < CLIENTS else "t13d2014h2"
    return f"{head}_{mark[:12]}_{mark[4:]}"
