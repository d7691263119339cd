"""Stored scores computed once more from their stored values, many at a time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.scoring.services.champions import model_of
from apps.scoring.services.scoring import score_with
from ml.frames import FeatureFrame, RingPart, Scored

if TYPE_CHECKING:
    from apps.scoring.models import Score


def columns_of(model_id: str) -> tuple[str, ...]:
    """Return the names of a model's stored values, in their order."""
    return model_of(model_id).model.manifest.columns


def rescore_batch(
    *,
    rows: Sequence["Score"],
    ids: Sequence[str],
    rings: Mapping[str, Mapping[str, Any]],
) -> list[Scored]:
    """Score stored values again, to compare bit for bit; in the order of `rows`.

    All rows are of one model and catalogue. `ids` name them, each once; `rings` maps
    an id to the fields of its ring part as a snapshot froze them.
    """
    first = rows[0]
    frame = FeatureFrame(
        tuple(ids),
        columns_of(first.model_id),
        np.array([row.features for row in rows], dtype=np.float64),
        np.ones(len(rows), dtype=bool),  # which model answers is already known
        first.catalogue,
    )
    parts = {
        name: RingPart(
            ring_id=part["ring_id"],
            probability=part["probability"],
            agreement=part["agreement"],
            level=part["level"],
            views=tuple(part["views"]),
            company=part.get("company", 0.0),  # older snapshots know none
        )
        for name, part in rings.items()
    }
    return score_with(model_id=first.model_id, frame=frame, rings=parts)
