"""Honest people whom the worlds lack: who lends a card or a device across two homes.

A student with a parent's card, a colleague with the old laptop, a couple in two towns.
In the worlds hardly an honest account shares either from afar, so that trees would
convict on one such fact. How many do so is an assumption about people and no property
of the worlds.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from ml.frames import FeatureFrame
from ml.starter.worlds import World

# One honest account in 200 for each of them.
RATE: Final = 0.005
SHARED: Final = ("shared_card_count_90d", "shared_device_count_90d")

Lenders = Mapping[str, frozenset[str]]


def drawn(world: World, rng: np.random.Generator) -> Lenders:
    """Draw by feature the honest accounts that share this with somebody elsewhere."""
    honest = np.array([one.account_id for one in world.truth if one.honest])
    return {
        name: frozenset(honest[rng.random(len(honest)) < RATE].tolist())
        for name in SHARED
    }


def with_lenders(frame: FeatureFrame, lenders: Lenders) -> FeatureFrame:
    """Return the frame with one other account, where a lender is known to have it."""
    values = frame.values.copy()
    for name, accounts in lenders.items():
        lends = frame.among(accounts)
        column = values[:, frame.names.index(name)]
        column[lends] = np.maximum(column[lends], 1.0)  # what is missing stays so
    return replace(frame, values=values)
