"""Rows to learn from: which account, what was known, how far to trust the label.

Most accounts are never looked at, so "no label" is not "honest" (positive-unlabelled
data). Unlabelled accounts are learnt from with a fifth of the weight of a labelled
one, and less while they are too young for a label to have arrived: as what the starter
takes them for (ml.prior), or as honest. Machine decisions are never labels: the model
would learn its own opinion.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.frames import FeatureFrame
from ml.manifest import ModelFeature

Floats = NDArray[np.float64]

# How far each source of a label is trusted; what is not here is not learnt from.
# A dispute is often friendly fraud by an honest account, a tip names whole groups.
SOURCE_WEIGHTS: Final[Mapping[str, float]] = {
    "investigation": 1.0,
    "random_audit": 1.0,
    "partner_tip": 0.8,
    "chargeback": 0.7,
}
LABELS: Final[Mapping[str, float]] = {
    "confirmed_abuse": 1.0,
    "chargeback": 1.0,
    "confirmed_legitimate": 0.0,
    "appeal_upheld": 0.0,
}
UNLABELLED_WEIGHT: Final = 0.2
MATURITY_DAYS: Final = 14.0
# What a row of an account weighs that has been used, but not in the last week: half of
# its values fade, yet a site that loads its history is asked about many of these.
QUIET_WEIGHT: Final = 0.1
# Share of abuse that ever gets a label. An assumption, to be replaced by the rate of
# random audits where there are enough of them.
COVERAGE: Final = 0.6
FIT_SHARE: Final = 0.7  # of the positives, by time of creation


class LearnableFeature(Protocol):
    """What training needs of a feature's definition."""

    @property
    def name(self) -> str: ...
    @property
    def direction(self) -> int: ...


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """One row an account and snapshot; every array is [n].

    labels: 1 abuse, 0 honest, NaN unknown. trust: weight of the row's label. shares:
    1 / rows of the account, so that a long life counts once. groups: the ring where
    one is known, else the account. times: creation, seconds since 1970. audited: how
    many accounts one whose label comes from a random audit stands for (one over its
    chance to be drawn), 0 for the others. history_unknown: columns that can change hold
    their last value, not the one in force at the snapshot.
    """

    frame: FeatureFrame
    labels: Floats
    trust: Floats
    shares: Floats
    groups: NDArray[np.object_]
    times: Floats
    audited: Floats
    history_unknown: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def targets(self) -> Floats:
        """0 or 1: what is unknown counts as honest, with little weight."""
        return np.nan_to_num(self.labels, nan=0.0)

    @property
    def weights(self) -> Floats:
        unknown = np.isnan(self.labels)
        return self.shares * self.trust * np.where(unknown, UNLABELLED_WEIGHT, 1.0)

    @property
    def audit_weights(self) -> Floats:
        """Weights of audited accounts, by whom they stand for; 0 for the others.

        They add up to as many accounts as the audits are worth (Kish's count).
        """
        weights = self.shares * self.audited
        squares = float(self.shares @ self.audited**2)
        return weights * (weights.sum() / squares) if squares else weights

    @property
    def positives(self) -> int:
        """Accounts, not rows, that are labelled as abuse."""
        ids = np.asarray(self.frame.account_ids, dtype=object)
        return len(set(ids[self.labels == 1.0].tolist()))

    def rows(self, chosen: NDArray[np.bool_]) -> "TrainingRows":
        return TrainingRows(
            self.frame.rows(chosen),
            self.labels[chosen],
            self.trust[chosen],
            self.shares[chosen],
            self.groups[chosen],
            self.times[chosen],
            self.audited[chosen],
            self.history_unknown[chosen],
        )


def maturity(age_days: float) -> float:
    """Return how much an account's lack of a label says, in (0, 1)."""
    return 1.0 - math.exp(-max(age_days, 0.01) / MATURITY_DAYS)


def split_by_time(
    rows: TrainingRows, fit_share: float = FIT_SHARE
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cut into earlier accounts for the trees and later ones for calibration.

    A ring stands on one side as a whole, on that of its first account, so that the
    later part holds no copy of what the trees saw. Returns two masks, bool [n].
    """
    starts: dict[str, float] = {}
    for group, time in zip(rows.groups.tolist(), rows.times.tolist(), strict=True):
        starts[group] = min(time, starts.get(group, math.inf))
    began = np.array([starts[group] for group in rows.groups.tolist()])
    positive = rows.labels == 1.0
    guide = began[positive] if positive.any() else began
    cut = np.quantile(guide, fit_share, method="lower") if len(guide) else 0.0
    fit = began <= cut
    return fit, ~fit


def without_history(rows: TrainingRows, mutable: frozenset[str]) -> TrainingRows:
    """Hide features of changeable columns where the bundle gave only a final snapshot.

    A last value can hold the outcome itself (a plan set to "closed" after the ban).
    """
    values = rows.frame.values.copy()
    columns = [at for at, name in enumerate(rows.frame.names) if name in mutable]
    for column in columns:
        values[rows.history_unknown, column] = np.nan
    return replace(rows, frame=replace(rows.frame, values=values))


def stack(parts: Sequence[TrainingRows]) -> TrainingRows:
    """Put snapshots under each other and give each account the weight of one row."""
    frames = [part.frame for part in parts]
    ids = tuple(account for frame in frames for account in frame.account_ids)
    _, at, count = np.unique(
        np.array(ids, dtype=object).astype(str), return_inverse=True, return_counts=True
    )
    frame = FeatureFrame(
        ids,
        frames[0].names,
        np.vstack([frame.values for frame in frames]),
        np.concatenate([frame.has_usage for frame in frames]),
        frames[0].catalogue,
    )
    return TrainingRows(
        frame,
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.trust for part in parts]),
        1.0 / count[at],
        np.concatenate([part.groups for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.audited for part in parts]),
        np.concatenate([part.history_unknown for part in parts]),
    )


def describe(
    rows: TrainingRows, features: Sequence[LearnableFeature]
) -> tuple[tuple[ModelFeature, ...], dict[str, str]]:
    """Find fill value and percentiles of each feature, and which ones say nothing."""
    described, excluded = [], {}
    honest = rows.targets == 0.0
    for feature in features:
        column = rows.frame.column(feature.name)
        known = np.isfinite(column)
        if not known.any():
            excluded[feature.name] = "no training account has a value of its time"
        elif np.ptp(column[known]) == 0.0:
            excluded[feature.name] = "the same for every training account"
        else:
            medians = [_median(column[known])]
            if (known & honest).any():
                medians.append(_median(column[known & honest]))
            # values that were seen: a count stays a whole number
            grid = np.percentile(column[known], np.arange(101), method="inverted_cdf")
            described.append(
                ModelFeature(
                    feature.name,
                    feature.direction,
                    mildest(medians, feature.direction),
                    tuple(grid.tolist()),
                )
            )
    return tuple(described), excluded


def _median(column: Floats) -> float:
    return float(np.quantile(column, 0.5, method="inverted_cdf"))


def mildest(medians: list[float], direction: int) -> float:
    """Choose the median that speaks least of abuse: of all, or of honest accounts."""
    if direction == 0:
        return medians[0]
    return min(medians) if direction > 0 else max(medians)


def filled(rows: TrainingRows, features: Sequence[ModelFeature]) -> Floats:
    values = rows.frame.select(tuple(feature.name for feature in features))
    fills = np.array([feature.fill for feature in features])
    return np.where(np.isfinite(values), values, fills)


def data_digest(rows: TrainingRows) -> str:
    """Return the SHA-256 of everything that training reads."""
    state = hashlib.sha256()
    state.update("\n".join(rows.frame.account_ids).encode())
    state.update("\n".join(rows.frame.names).encode())
    state.update("\n".join(map(str, rows.groups.tolist())).encode())
    for array in (
        rows.frame.values,
        rows.labels,
        rows.trust,
        rows.shares,
        rows.times,
        rows.audited,
        rows.history_unknown,
    ):
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()
