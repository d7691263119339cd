"""Which of some ways to learn is taken: the simplest that no other clearly beats.

Ways are compared on later accounts with a label, each class worth the same: of the
others nobody knows what they are, and people look where they suspect something. Every
way's margins are read by a calibration of the same kind, fitted on the other folds, so
that only what the margins tell apart counts.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import calibrate, holdout
from ml.calibrate import HeldOut
from ml.dataset import TrainingRows

Floats = NDArray[np.float64]

LEAST_LABELS: Final = 20  # accounts of each class; below, nothing is known
# Standard errors by which a way must gain. They are those of groups: a ring is found or
# missed as a whole (Cameron and Miller 2015, clustered errors). Where no outcome names
# the ring an account is a group of its own, and the errors are smaller than the truth.
ERRORS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Losses:
    """Log-losses that add up to a balanced mean, and their groups; both [n]."""

    each: Floats
    groups: NDArray[np.object_]


def losses(rows: TrainingRows, margins: Floats) -> Losses | None:
    """Return what margins lose on rows with a label; None where these are too few."""
    known = ~np.isnan(rows.labels)
    part, margins = rows.rows(known), margins[known]
    abusive = part.positives
    if min(abusive, len(set(part.frame.account_ids)) - abusive) < LEAST_LABELS:
        return None
    weights, half = part.weights.copy(), 0.5 * part.weights.sum()
    for label in (0.0, 1.0):
        mine = part.labels == label
        weights[mine] *= half / weights[mine].sum()
    folds = holdout.folds(part.groups)
    asked = HeldOut(margins, part.labels, weights, folds, np.ones(len(part)))
    said = calibrate.left_out_probabilities(asked, "beta")
    right = np.where(part.labels == 1.0, said, 1.0 - said)
    each = -np.log(np.maximum(right, 1e-9)) * weights / weights.sum()
    return Losses(each, part.groups)


def clearly_better(one: Losses | None, other: Losses | None) -> bool:
    """Say whether `one` loses less on the same rows than `other`, beyond chance."""
    if one is None or other is None:
        return False
    gained, error = gain(one, other)
    return gained > ERRORS * error


def gain(one: Losses, other: Losses) -> tuple[float, float]:
    """Return how much less `one` loses than `other`, and its standard error."""
    _, at = np.unique(one.groups.astype(str), return_inverse=True)
    gains = np.bincount(at, other.each - one.each)
    if len(gains) == 1:
        return float(gains[0]), float("inf")
    return float(gains.sum()), float(np.sqrt(len(gains)) * gains.std(ddof=1))
