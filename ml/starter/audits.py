"""A starter read by random audits of the site that uses it."""

from datetime import datetime
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ml import calibrate, dataset, holdout
from ml.calibrate import Calibration, HeldOut
from ml.dataset import TrainingRows
from ml.model import RiskModel
from ml.starter import BASE_RATE

Floats = NDArray[np.float64]

# How many audits the starter's own assumption about the share of abuse is worth.
ASSUMPTION: Final = 100.0
HALVINGS: Final = 60  # of an interval of log-odds; leaves less than a last bit


def read_by_audits(
    starter: RiskModel, rows: TrainingRows, as_of: datetime
) -> RiskModel:
    """Move all probabilities so that they fit the audited accounts among `rows`.

    Audited accounts were drawn by chance and count by one over theirs, so their share
    of abuse is that of the site. While they hold too little abuse to bend the
    calibration they move it by one number. Raise ValueError where no account was
    audited.
    """
    audits = rows.rows((rows.audited > 0.0) & ~np.isnan(rows.labels))
    if not len(audits):
        raise ValueError("No account of these rows was audited.")
    accounts = len(set(audits.frame.account_ids))
    margins = starter.margins(starter.values(audits.frame))
    held_out = _held_out(audits, margins)
    rarer = min(audits.positives, accounts - audits.positives)
    calibration = reread(starter.manifest.calibration, held_out, rarer)
    said = np.array([calibration.probability(one) for one in margins.tolist()])
    manifest = msgspec.structs.replace(
        starter.manifest,
        adaptation="calibrated",
        calibration=msgspec.structs.replace(
            calibration, rows=accounts, positives=audits.positives
        ),
        cutoff=as_of.isoformat(),
        data_digest=dataset.data_digest(audits),
        rows=starter.manifest.rows
        | {
            "audited_accounts": accounts,
            "audited_abusive_accounts": audits.positives,
        },
        metrics=holdout.measure(held_out, said),
    )
    return RiskModel(manifest, starter.text)


def _held_out(audits: TrainingRows, margins: Floats) -> HeldOut:
    return HeldOut(
        margins,
        audits.targets,
        audits.audit_weights,
        holdout.folds(audits.groups),
        np.ones(len(audits)),
    )


def reread(calibration: Calibration, audits: HeldOut, rarer: int) -> Calibration:
    """Return a calibration that fits audited accounts, with its intervals.

    The slopes are fitted again where there are enough accounts of the rarer kind to
    carry them; then, as always, all probabilities move together to the share of abuse.
    """
    if rarer >= calibrate.POSITIVES_FOR_SHIFT:
        calibration = calibrate.refitted(calibration, audits)
    moved = calibration.c + leaning(calibration, audits)
    return calibrate.bounded(msgspec.structs.replace(calibration, c=moved), audits)


def leaning(calibration: Calibration, audits: HeldOut) -> float:
    """Return what makes the mean probability equal the share of abuse among audits.

    The share leans toward BASE_RATE as if that were ASSUMPTION audits more.
    """
    weights, margins = audits.weights, audits.margins.tolist()
    found = float(weights @ audits.labels)
    share = (found + ASSUMPTION * BASE_RATE) / (float(weights.sum()) + ASSUMPTION)
    low, high = -calibrate.LIMIT, calibrate.LIMIT
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        moved = msgspec.structs.replace(calibration, c=calibration.c + middle)
        said = [moved.probability(one) for one in margins]
        low, high = (
            (low, middle)
            if np.average(said, weights=weights) > share
            else (middle, high)
        )
    return low
