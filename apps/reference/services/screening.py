"""Names against the sanctions lists in use: a gate, and never a feature."""

from collections.abc import Sequence

import numpy as np

from apps.reference.policy import SANCTIONS
from apps.reference.services.store import current
from apps.reference.services.watchlist import Hit


def screen(given: Sequence[str]) -> list[list[Hit]]:
    """Return the listed entries that each name is like, the likest first.

    Every entry at most once for a name. Nothing is found while no list is loaded:
    ask `list_version` first.
    """
    hits: list[dict[str, Hit]] = [{} for _ in given]
    for layer in current().of(SANCTIONS):
        found = layer.watchlist.screen(given)
        for mine, more in zip(hits, found, strict=True):
            for hit in more:
                if hit.entry_id not in mine or hit.score > mine[hit.entry_id].score:
                    mine[hit.entry_id] = hit
    return [
        sorted(one.values(), key=lambda hit: (-hit.score, hit.entry_id)) for one in hits
    ]


def list_version() -> str | None:
    """Return the version of the lists that `screen` compares with, None for none."""
    layers = current().of(SANCTIONS)
    return "+".join(layer.version for layer in layers) if layers else None


def listed_names(entry_id: str) -> list[str]:
    """Return the names of an entry of the lists in use, the main one first."""
    found: list[str] = []
    for layer in current().of(SANCTIONS):
        at = np.flatnonzero(layer.data["ids"] == entry_id)
        found += layer.data["names"][at].tolist()
    return found
