"""From a margin to a probability, and how far that probability can be trusted.

The probability comes from beta calibration (Kull et al. 2017): three parameters,
strictly increasing, so that the ranking of accounts stays. The interval (ml.intervals)
needs no shape at all, so it also shows where the three parameters do not fit.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ml import evaluate, intervals

Floats = NDArray[np.float64]
Method = Literal["none", "shift", "beta"]
Point = tuple[float, float, float]

# Below these a richer calibrator fits noise: ten positives per free parameter.
POSITIVES_FOR_SHIFT: Final = 10
POSITIVES_FOR_BETA: Final = 30
FOLDS: Final = 5
ROUNDS: Final = 10  # of expectation and maximization; later ones change little
RIDGE: Final = 1.0  # pulls a and b towards where they start, by one account's weight
SLOPES: Final = (0.05, 5.0)
UNCHANGED: Final = (1.0, 1.0, 0.0)
LIMIT: Final = 30.0  # log-odds; keeps a float probability off 0 and 1


def softplus(x: float) -> float:
    """Return log(1 + exp(x)) without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def expit(log_odds: float) -> float:
    """Return the probability of a log-odds."""
    if log_odds >= 0.0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)


def logit(probability: float) -> float:
    """Return the log-odds of a probability, which must lie inside (0, 1)."""
    return math.log(probability) - math.log1p(-probability)


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one model's margins are read; numbers only, so a manifest can hold it.

    Bin `i` holds margins from `edges[i - 1]` up to `edges[i]`; `low` and `high` are
    the interval of each bin. Scalar code on purpose: vectorised exp and log differ
    in the last bit between processors, and a replay must not.
    """

    method: Method
    a: float
    b: float
    c: float
    edges: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float
    interval_method: str
    rows: int
    positives: int

    def log_odds(self, margin: float) -> float:
        """Return the calibrated log-odds; strictly increasing up to the limit."""
        if self.a == self.b == 1.0:
            moved = margin + self.c
        else:
            moved = self.b * softplus(margin) - self.a * softplus(-margin) + self.c
        return min(max(moved, -LIMIT), LIMIT)

    def probability(self, margin: float) -> float:
        return expit(self.log_odds(margin))

    def interval(self, margin: float) -> tuple[float, float]:
        """Return the interval around the probability of this margin."""
        at = bisect_right(self.edges, margin)
        probability = self.probability(margin)
        return min(self.low[at], probability), max(self.high[at], probability)


def uncalibrated() -> Calibration:
    """Return the calibration of a model that had nothing to be calibrated on."""
    return Calibration(
        "none", 1.0, 1.0, 0.0, (), (0.0,), (1.0,), intervals.LEVEL, intervals.METHOD,
        0, 0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Accounts that the trees did not see.

    margins, labels (in [0, 1]), weights: float64 [n]; folds: int [n], accounts of one
    group share a fold. cover: float64 [n], the chance that abuse of this account would
    be labelled by now. It is 1 where there is a label; else the label is 0.
    """

    margins: Floats
    labels: Floats
    weights: Floats
    folds: NDArray[np.int64]
    cover: Floats

    def rows(self, chosen: NDArray[np.bool_]) -> "HeldOut":
        return HeldOut(
            self.margins[chosen],
            self.labels[chosen],
            self.weights[chosen],
            self.folds[chosen],
            self.cover[chosen],
        )


def fit(held_out: HeldOut, edges: Floats) -> Calibration:
    """Choose and fit a calibrator on accounts created after those of the trees.

    The rule: under 10 positives (or negatives) none, under 30 only a shift of the
    log-odds, else also beta; among the allowed ones that with the lowest log-loss
    over five folds that were left out in turn; the simpler one wins a tie.
    Accounts without a label count as far abusive as `believed` says.
    `edges` are margins, ascending, chosen without looking at `held_out`.
    """
    if not len(held_out.labels):
        return uncalibrated()
    positives, methods = int(held_out.labels.sum()), allowed(held_out.labels)
    held_out = believed(held_out, methods[-1])
    losses = {m: _left_out_loss(held_out, m) for m in methods}
    method = min(losses, key=lambda each: losses[each])
    a, b, c = _fit_method(held_out, method)
    low, high = intervals.bounds(
        held_out.margins, held_out.labels, held_out.weights, edges
    )
    return Calibration(
        method=method,
        a=a,
        b=b,
        c=c,
        edges=tuple(edges.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        level=intervals.LEVEL,
        interval_method=intervals.METHOD,
        rows=len(held_out.labels),
        positives=positives,
    )


def allowed(labels: Floats) -> tuple[Method, ...]:
    """Name the calibrators that so many labels can carry, the simplest first."""
    rarer = min(int(labels.sum()), int((1.0 - labels).sum()))
    if rarer < POSITIVES_FOR_SHIFT:
        return ("none",)
    if rarer < POSITIVES_FOR_BETA:
        return ("none", "shift")
    return ("none", "shift", "beta")


def believed(held_out: HeldOut, method: Method, start: Point = UNCHANGED) -> HeldOut:
    """Give accounts without a label the chance of abuse that is left to them.

    Of the abuse among them only a share c is ever labelled, so that silence moves a
    probability p to p (1 - c) / (1 - p c) and no further (positive-unlabelled data,
    Elkan and Noto 2008; here by expectation maximization around the calibrator).
    """
    if method == "none":
        return held_out
    hidden = held_out.cover < 1.0
    for _ in range(ROUNDS):
        a, b, c = _fit_method(held_out, method, start)
        chance = _expit(_transform(held_out.margins, a, b, c))
        left = chance * (1.0 - held_out.cover) / (1.0 - chance * held_out.cover)
        held_out = replace(held_out, labels=np.where(hidden, left, held_out.labels))
    return held_out


def left_out_probabilities(
    held_out: HeldOut, method: Method, start: Point = UNCHANGED
) -> Floats:
    """Return each account's probability by a calibrator that did not see its fold."""
    result = np.empty(len(held_out.labels))
    for fold in np.unique(held_out.folds):
        inside = held_out.folds == fold
        seen = held_out.rows(~inside)
        result[inside] = applied(seen, method, held_out.margins[inside], start)
    return result


def applied(
    held_out: HeldOut, method: Method, margins: Floats, start: Point = UNCHANGED
) -> Floats:
    """Return what a calibrator fitted on `held_out` says of other margins."""
    a, b, c = _fit_method(held_out, method, start)
    return _expit(_transform(margins, a, b, c))


def _left_out_loss(held_out: HeldOut, method: Method) -> float:
    probabilities = left_out_probabilities(held_out, method)
    return evaluate.log_loss(held_out.labels, probabilities, held_out.weights)


def read_again(before: Calibration, held_out: HeldOut) -> tuple[Calibration, Floats]:
    """Return how known trees are read by other accounts, and what folds left out say.

    Under 10 accounts of the rarer kind they are read as before, else by beta
    calibration fitted again, pulled towards what it was.
    """
    point = before.a, before.b, before.c
    if allowed(held_out.labels) == ("none",):
        return before, _expit(_transform(held_out.margins, *point))
    said = left_out_probabilities(held_out, "beta", point)
    positives, held_out = int(held_out.labels.sum()), believed(held_out, "beta", point)
    again = bounded(refitted(before, held_out), held_out)
    rows = len(held_out.labels)
    return msgspec.structs.replace(again, rows=rows, positives=positives), said


def bounded(calibration: Calibration, held_out: HeldOut) -> Calibration:
    """Return a calibration with the intervals of other accounts, in the same bins."""
    low, high = intervals.bounds(
        held_out.margins, held_out.labels, held_out.weights, np.array(calibration.edges)
    )
    return msgspec.structs.replace(
        calibration, low=tuple(low.tolist()), high=tuple(high.tolist())
    )


def refitted(calibration: Calibration, held_out: HeldOut) -> Calibration:
    """Fit beta calibration again, pulled towards the slopes that it had before."""
    before = calibration.a, calibration.b, calibration.c
    a, b, c = _fit_method(held_out, "beta", before)
    return msgspec.structs.replace(calibration, method="beta", a=a, b=b, c=c)


def _fit_method(held_out: HeldOut, method: Method, start: Point = UNCHANGED) -> Point:
    """Return a, b and c; the slopes are pulled towards those of `start`."""
    if method == "none" or not len(held_out.labels):
        return UNCHANGED
    # scipy is heavy, and only training needs it
    from scipy.optimize import minimize

    bounds = [(1.0, 1.0)] * 2 if method == "shift" else [SLOPES] * 2
    found = minimize(
        _loss_and_slope,
        x0=np.array(start),
        args=(held_out, start),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (-LIMIT, LIMIT)],
    )
    a, b, c = (float(each) for each in found.x)
    return a, b, c


def _loss_and_slope(
    point: Floats, held_out: HeldOut, start: Point
) -> tuple[float, Floats]:
    """Return the penalised negative log-likelihood and its gradient at (a, b, c)."""
    a, b, c = point
    away = a - start[0], b - start[1]
    left, right = (
        -np.logaddexp(0.0, -held_out.margins),
        np.logaddexp(0.0, held_out.margins),
    )
    moved = a * left + b * right + c
    losses = np.logaddexp(0.0, moved) - held_out.labels * moved
    off = held_out.weights * (_expit(moved) - held_out.labels)
    loss = float(held_out.weights @ losses) + RIDGE * (away[0] ** 2 + away[1] ** 2)
    slope = np.array(
        [
            off @ left + 2 * RIDGE * away[0],
            off @ right + 2 * RIDGE * away[1],
            off.sum(),
        ]
    )
    return loss, slope


def _transform(margins: Floats, a: float, b: float, c: float) -> Floats:
    moved: Floats = b * np.logaddexp(0.0, margins) - a * np.logaddexp(0.0, -margins) + c
    return np.clip(moved, -LIMIT, LIMIT)


def _expit(log_odds: Floats) -> Floats:
    result: Floats = np.exp(-np.logaddexp(0.0, -log_odds))
    return result
