"""How far the newest scores' accounts have moved from a model's training accounts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from apps.scoring.models import Score
from apps.scoring.services.champions import champion


@dataclass(frozen=True, slots=True)
class Drift:
    """The stability index of each input of the model in use; NaN of too few values."""

    model_id: str
    scores: int
    indices: Mapping[str, float]


def drift(*, kind: str, most: int) -> Drift | None:
    """Judge the newest scores, `most` at most, of the model in use; None without one.

    Stored values are read, so that what is judged is what was scored.
    """
    loaded = champion(kind)
    if loaded is None:
        return None
    from ml.drift import by_feature  # brings in what only scoring processes need

    manifest = loaded.model.manifest
    rows = Score.objects.filter(model_id=loaded.id).order_by("-as_of", "-id")
    stored = list(rows.values_list("features", flat=True)[:most])
    values = np.array(stored, dtype=np.float64).reshape(-1, len(manifest.columns))
    return Drift(loaded.id, len(stored), by_feature(manifest, manifest.columns, values))
