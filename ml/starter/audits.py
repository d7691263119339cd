"""A starter read by random audits of the site that uses it."""

from datetime import datetime
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ml import calibrate, dataset, intervals, train
from ml.calibrate import Calibration
from ml.dataset import TrainingRows
from ml.model import RiskModel
from ml.starter.build import BASE_RATE

Floats = NDArray[np.float64]

# How many audits the starter's own assumption about the share of abuse is worth.
ASSUMPTION: Final = 100.0
HALVINGS: Final = 60  # of an interval of log-odds; leaves less than a last bit


def read_by_audits(
    starter: RiskModel, rows: TrainingRows, as_of: datetime
) -> RiskModel:
    """Move all probabilities so that they fit the audited accounts among `rows`.

    Audited accounts were drawn by chance and count by one over theirs, so their share
    of abuse is that of the site. A few hundred hold too little abuse to bend the
    calibration; they can move it by one number. Raise ValueError where no account was
    audited.
    """
    audits = rows.rows((rows.audited > 0.0) & ~np.isnan(rows.labels))
    if not len(audits):
        raise ValueError("No account of these rows was audited.")
    margins = starter.margins(starter.values(audits.frame))
    calibration = shifted(starter.manifest.calibration, margins, audits)
    said = np.array([calibration.probability(one) for one in margins.tolist()])
    held_out = calibrate.HeldOut(
        margins,
        audits.targets,
        audits.audit_weights,
        train.folds(audits.groups),
        np.ones(len(audits)),
    )
    counts = {
        "audited_accounts": len(set(audits.frame.account_ids)),
        "audited_abusive_accounts": audits.positives,
    }
    manifest = msgspec.structs.replace(
        starter.manifest,
        adaptation="calibrated",
        calibration=calibration,
        cutoff=as_of.isoformat(),
        data_digest=dataset.data_digest(audits),
        rows=starter.manifest.rows | counts,
        metrics=train.measure(held_out, said),
    )
    return RiskModel(manifest, starter.text)


def shifted(
    calibration: Calibration, margins: Floats, audits: TrainingRows
) -> Calibration:
    """Add what makes the mean probability equal the share of abuse among audits.

    The share leans toward BASE_RATE as if that were ASSUMPTION audits more.
    """
    weights, targets = audits.audit_weights, audits.targets
    found = float(weights @ targets)
    share = (found + ASSUMPTION * BASE_RATE) / (float(weights.sum()) + ASSUMPTION)
    low, high = -calibrate.LIMIT, calibrate.LIMIT
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        moved = msgspec.structs.replace(calibration, c=calibration.c + middle)
        said = [moved.probability(one) for one in margins.tolist()]
        low, high = (
            (low, middle)
            if np.average(said, weights=weights) > share
            else (middle, high)
        )
    edges = np.array(calibration.edges)
    bounds = intervals.bounds(margins, targets, weights, edges)
    return msgspec.structs.replace(
        calibration,
        c=calibration.c + low,
        low=tuple(bounds[0].tolist()),
        high=tuple(bounds[1].tolist()),
        rows=len(set(audits.frame.account_ids)),
        positives=audits.positives,
    )
