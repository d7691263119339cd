"""How good a ranking and a probability are, on plain arrays.

Every function takes weights of rows (default 1) and reads labels as 0 or 1.
Thresholds always come from one set of honest accounts and are applied to another,
so that no number is tuned on the accounts it is measured on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z_90 = 1.6448536269514722  # two-sided 90 % of the normal distribution
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a count, with its Wilson interval at 95 %."""

    value: float
    low: float
    high: float
    count: int


def wilson(successes: float, trials: float, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a share; (0, 1) without any trial."""
    if trials <= 0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1.0 + z * z / trials
    center = (share + z * z / (2.0 * trials)) / scale
    inside = share * (1.0 - share) / trials + z * z / (4.0 * trials * trials)
    half = z * math.sqrt(max(inside, 0.0)) / scale
    return max(0.0, center - half), min(1.0, center + half)


def share(chosen: NDArray[np.bool_]) -> Share:
    """Return how many of `chosen` are true, with the interval."""
    trials, successes = len(chosen), int(np.count_nonzero(chosen))
    low, high = wilson(successes, trials)
    return Share(successes / trials if trials else math.nan, low, high, trials)


def weighted_share(chosen: NDArray[np.bool_], weights: Floats) -> Share:
    """Return the weighted share of `chosen`, its interval at the effective count.

    Weights that differ tell less: n of them count as (sum)^2 / sum of squares (Kish).
    """
    total = float(weights.sum())
    if not total:
        return share(chosen[:0])
    value = float(weights[chosen].sum()) / total
    effective = total**2 / float((weights**2).sum())
    low, high = wilson(value * effective, effective)
    return Share(value, low, high, len(chosen))


def roc_auc(labels: Floats, scores: Floats, weights: Floats | None = None) -> float:
    """Return the chance that a positive outranks a negative; ties count half.

    NaN where one class is absent.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    _, at = np.unique(scores, return_inverse=True)
    positive = np.bincount(at, weights * labels)
    negative = np.bincount(at, weights * (1.0 - labels))
    total = positive.sum() * negative.sum()
    if total == 0.0:
        return math.nan
    below = np.cumsum(negative) - negative
    return float(np.sum(positive * (below + negative / 2.0)) / total)


def pr_auc(labels: Floats, scores: Floats, weights: Floats | None = None) -> float:
    """Return average precision: precision at each threshold, weighed by recall won.

    Accounts with equal scores are one threshold. NaN without any positive.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    _, at = np.unique(-scores, return_inverse=True)
    positive = np.bincount(at, weights * labels)
    everyone = np.bincount(at, weights)
    if positive.sum() == 0.0:
        return math.nan
    precision = np.cumsum(positive) / np.cumsum(everyone)
    return float(np.sum(precision * positive) / positive.sum())


def threshold_at(
    honest_scores: Floats, rate: float, weights: Floats | None = None
) -> float:
    """Return the lowest threshold that at most `rate` of honest accounts exceed.

    A score is flagged where it is strictly above the threshold.
    """
    if not len(honest_scores):
        return math.inf
    if weights is not None:
        return _weighted_threshold(honest_scores, rate, weights)
    ranked = np.sort(honest_scores)[::-1]
    allowed = math.floor(rate * len(ranked) + 1e-9)
    return float(ranked[min(allowed, len(ranked) - 1)])


def _weighted_threshold(honest_scores: Floats, rate: float, weights: Floats) -> float:
    values, at = np.unique(-honest_scores, return_inverse=True)
    above = np.cumsum(np.bincount(at, weights))  # flagged below each value
    allowed = rate * above[-1] * (1.0 + 1e-9)
    place = min(int(np.searchsorted(above, allowed, "right")), len(values) - 1)
    return float(-values[place])


def recall_at(labels: Floats, scores: Floats, threshold: float) -> Share:
    """Return the share of positives above a threshold set elsewhere."""
    return share(scores[labels == 1.0] > threshold)


def false_positive_rate(labels: Floats, scores: Floats, threshold: float) -> Share:
    """Return the share of honest accounts above a threshold set elsewhere."""
    return share(scores[labels == 0.0] > threshold)


def false_positive_rate_by(
    labels: Floats, scores: Floats, threshold: float, groups: NDArray[np.object_]
) -> Mapping[str, Share]:
    """Return the false-positive rate inside each group, by the group's name."""
    return {
        str(name): false_positive_rate(
            labels[groups == name], scores[groups == name], threshold
        )
        for name in sorted(set(groups.tolist()))
    }


def brier(
    labels: Floats, probabilities: Floats, weights: Floats | None = None
) -> float:
    """Return the mean squared error of the probability."""
    return float(np.average((probabilities - labels) ** 2, weights=weights))


def log_loss(
    labels: Floats, probabilities: Floats, weights: Floats | None = None
) -> float:
    """Return the mean negative log-likelihood, probabilities held off 0 and 1."""
    held = np.clip(probabilities, 1e-12, 1.0 - 1e-12)
    losses = -(labels * np.log(held) + (1.0 - labels) * np.log1p(-held))
    return float(np.average(losses, weights=weights))


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Accounts of similar probability: what was said, and what came true."""

    low: float
    high: float
    predicted: float
    observed: float
    weight: float


def calibration_bins(
    labels: Floats,
    probabilities: Floats,
    weights: Floats | None = None,
    count: int = 10,
) -> list[CalibrationBin]:
    """Cut the accounts into at most `count` bins of equal size by probability.

    Equal sizes, not equal widths: with rare abuse most equal-width bins are empty.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    edges = np.quantile(probabilities, np.linspace(0.0, 1.0, count + 1)[1:-1])
    at = np.searchsorted(np.unique(edges), probabilities, side="right")
    bins = []
    for number in np.unique(at):
        inside = (at == number) & (weights > 0)
        if not inside.any():
            continue
        bins.append(_bin(labels[inside], probabilities[inside], weights[inside]))
    return bins


def _bin(labels: Floats, probabilities: Floats, weights: Floats) -> CalibrationBin:
    return CalibrationBin(
        low=float(probabilities.min()),
        high=float(probabilities.max()),
        predicted=float(np.average(probabilities, weights=weights)),
        observed=float(np.average(labels, weights=weights)),
        weight=float(weights.sum()),
    )


def calibration_error(
    labels: Floats, probabilities: Floats, weights: Floats | None = None
) -> float:
    """Return the adaptive ECE: the mean gap of said and seen, by weight."""
    bins = calibration_bins(labels, probabilities, weights)
    total = sum(each.weight for each in bins)
    gaps = (abs(each.predicted - each.observed) * each.weight for each in bins)
    return sum(gaps) / total if total else math.nan
