"""What trees are measured and calibrated by: accounts that they did not see."""

import hashlib
import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml import calibrate, dataset, evaluate
from ml.calibrate import HeldOut
from ml.dataset import TrainingRows

Floats = NDArray[np.float64]

AUDITS_TO_CALIBRATE: Final = 30  # of each class; then audits alone are the base rate


def bin_edges(margins: Floats, targets: Floats) -> Floats:
    """Cut the margin where the trees' own accounts lie, finer where abuse is."""
    everyone = np.quantile(margins, np.linspace(0.0, 1.0, 25)[1:-1])
    abuse = np.quantile(margins[targets == 1.0], np.linspace(0.0, 1.0, 13)[1:-1])
    return np.unique(np.concatenate([everyone, abuse]))


def held_out(rows: TrainingRows, margins: Floats, late: NDArray[np.bool_]) -> HeldOut:
    """Choose, of the `late` accounts, bool [n], those that set the base rate.

    Random audits alone where there are enough: every other label was looked for.
    """
    audited = late & (rows.audited > 0.0) & ~np.isnan(rows.labels)
    rarer = min(np.sum(rows.labels[audited] == each) for each in (0.0, 1.0))
    enough = rarer >= AUDITS_TO_CALIBRATE
    chosen = audited if enough else late
    part = rows.rows(chosen)
    return HeldOut(
        margins[chosen],
        part.targets,
        part.audit_weights if enough else part.shares,
        folds(part.groups),
        np.where(np.isnan(part.labels), dataset.COVERAGE * part.trust, 1.0),
    )


def folds(groups: NDArray[np.object_]) -> NDArray[np.int64]:
    """Deal whole groups into folds by their name's hash."""
    return np.array(
        [
            hashlib.sha256(str(group).encode()).digest()[0] % calibrate.FOLDS
            for group in groups.tolist()
        ],
        dtype=np.int64,
    )


def measure(held_out: HeldOut, said: Floats) -> dict[str, Any]:
    """Describe the model on accounts that it did not see; `said` are probabilities.

    What has no label counts as honest here, so these numbers are pessimistic.
    """
    labels, margins, weights = held_out.labels, held_out.margins, held_out.weights
    if not len(labels) or not labels.any():
        return {"note": "no labelled abuse among later accounts"}
    recalls = {}
    for name, rate in (("recall_at_1pct_fpr", 0.01), ("recall_at_5pct_fpr", 0.05)):
        honest, abusive = labels == 0.0, labels == 1.0
        threshold = evaluate.threshold_at(margins[honest], rate, weights[honest])
        found = evaluate.weighted_share(margins[abusive] > threshold, weights[abusive])
        recalls[name] = {"value": found.value, "low": found.low, "high": found.high}
    bins = evaluate.calibration_bins(labels, said, weights)
    numbers: dict[str, Any] = {
        "pr_auc": evaluate.pr_auc(labels, margins, weights),
        "roc_auc": evaluate.roc_auc(labels, margins, weights),
        "brier": evaluate.brier(labels, said, weights),
        "log_loss": evaluate.log_loss(labels, said, weights),
        "calibration_error": evaluate.calibration_error(labels, said, weights),
        "base_rate": float(np.average(labels, weights=weights)),
    }
    table = [
        {"predicted": b.predicted, "observed": b.observed, "weight": b.weight}
        for b in bins
    ]
    return _finite(numbers) | recalls | {"calibration_table": table}


def _finite(numbers: dict[str, float]) -> dict[str, Any]:
    return {k: v if math.isfinite(v) else None for k, v in numbers.items()}
