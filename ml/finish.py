"""What is told of a model once its trees are grown, and what a sound load answers."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.calibrate import Calibration
from ml.dataset import TrainingRows
from ml.manifest import Golden
from ml.model import RiskModel

GOLDEN_ROWS: Final = 50


def counts(
    rows: TrainingRows, fit: NDArray[np.bool_], late: NDArray[np.bool_]
) -> dict[str, int]:
    """Return how many rows and abusive accounts a model was learned and read by."""
    unknown = int(np.sum(rows.history_unknown))
    return {
        "fit_rows": int(fit.sum()),
        "fit_positives": rows.rows(fit).positives,
        "late_rows": int(late.sum()),
        "late_positives": rows.rows(late).positives,
        "unlabelled_rows": int(np.isnan(rows.labels).sum()),
        "history_unknown_rows": unknown,
    }


def finished(
    bare: RiskModel,
    calibration: Calibration,
    metrics: dict[str, Any],
    told: dict[str, int],
) -> RiskModel:
    """Add how margins are read, how good they are, and what a sound load answers."""
    import msgspec

    manifest = msgspec.structs.replace(
        bare.manifest,
        calibration=calibration,
        metrics=metrics,
        rows=told,
        golden=golden(bare),
    )
    return RiskModel(manifest, bare.text)


def golden(model: RiskModel) -> Golden:
    """Invent accounts by mixing percentiles of each feature; no real one is kept."""
    rng = np.random.default_rng(model.manifest.seed)
    grids = np.array([feature.grid for feature in model.manifest.features])
    picks = rng.integers(0, grids.shape[1], size=(GOLDEN_ROWS, len(grids)))
    rows = np.take_along_axis(grids, picks.T, axis=1).T
    answer = model.predict(rows)
    return Golden(
        tuple(map(tuple, rows.tolist())),
        tuple(answer.margins.tolist()),
        tuple(map(tuple, answer.contributions.tolist())),
    )
