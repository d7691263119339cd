"""From a margin to a probability, and how far that probability can be trusted.

The probability comes from beta calibration (Kull et al. 2017): three parameters,
strictly increasing, so that the ranking of accounts stays. The interval comes from
inductive Venn-Abers prediction (Vovk et al. 2015) over bins of the margin, widened
by the Wilson interval of the observed rate; it needs no shape at all, so it also
shows where the three parameters do not fit.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ml import evaluate

Floats = NDArray[np.float64]
Method = Literal["none", "shift", "beta"]

LEVEL: Final = 0.9
INTERVAL_METHOD: Final = "venn_abers_and_wilson"
# Below these a richer calibrator fits noise: ten positives per free parameter.
POSITIVES_FOR_SHIFT: Final = 10
POSITIVES_FOR_BETA: Final = 30
FOLDS: Final = 5
RIDGE: Final = 1.0  # pulls a and b towards 1, with the weight of one account
SLOPES: Final = (0.05, 5.0)
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
        "none", 1.0, 1.0, 0.0, (), (0.0,), (1.0,), LEVEL, INTERVAL_METHOD, 0, 0
    )


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Accounts that the trees did not see.

    margins, labels (0 or 1), weights: float64 [n]; folds: int [n], accounts of one
    group share a fold.
    """

    margins: Floats
    labels: Floats
    weights: Floats
    folds: NDArray[np.int64]

    def rows(self, chosen: NDArray[np.bool_]) -> "HeldOut":
        return HeldOut(
            self.margins[chosen],
            self.labels[chosen],
            self.weights[chosen],
            self.folds[chosen],
        )


def fit(held_out: HeldOut, edges: Floats) -> Calibration:
    """Choose and fit a calibrator on accounts created after those of the trees.

    The rule: under 10 positives (or negatives) none, under 30 only a shift of the
    log-odds, else also beta; among the allowed ones that with the lowest log-loss
    over five folds that were left out in turn; the simpler one wins a tie.
    `edges` are margins, ascending, chosen without looking at `held_out`.
    """
    if not len(held_out.labels):
        return uncalibrated()
    losses = {m: _left_out_loss(held_out, m) for m in allowed(held_out.labels)}
    method = min(losses, key=lambda each: losses[each])
    a, b, c = _fit_method(held_out, method)
    low, high = intervals(held_out, edges)
    return Calibration(
        method=method,
        a=a,
        b=b,
        c=c,
        edges=tuple(edges.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        level=LEVEL,
        interval_method=INTERVAL_METHOD,
        rows=len(held_out.labels),
        positives=int(held_out.labels.sum()),
    )


def allowed(labels: Floats) -> tuple[Method, ...]:
    """Name the calibrators that so many labels can carry, the simplest first."""
    rarer = min(int(labels.sum()), int((1.0 - labels).sum()))
    if rarer < POSITIVES_FOR_SHIFT:
        return ("none",)
    if rarer < POSITIVES_FOR_BETA:
        return ("none", "shift")
    return ("none", "shift", "beta")


def left_out_probabilities(held_out: HeldOut, method: Method) -> Floats:
    """Return each account's probability by a calibrator that did not see its fold."""
    result = np.empty(len(held_out.labels))
    for fold in np.unique(held_out.folds):
        inside = held_out.folds == fold
        a, b, c = _fit_method(held_out.rows(~inside), method)
        result[inside] = _expit(_transform(held_out.margins[inside], a, b, c))
    return result


def _left_out_loss(held_out: HeldOut, method: Method) -> float:
    probabilities = left_out_probabilities(held_out, method)
    return evaluate.log_loss(held_out.labels, probabilities, held_out.weights)


def _fit_method(held_out: HeldOut, method: Method) -> tuple[float, float, float]:
    if method == "none" or not len(held_out.labels):
        return 1.0, 1.0, 0.0
    # scipy is heavy, and only training needs it
    from scipy.optimize import minimize

    bounds = [(1.0, 1.0)] * 2 if method == "shift" else [SLOPES] * 2
    found = minimize(
        _loss_and_slope,
        x0=np.array([1.0, 1.0, 0.0]),
        args=(held_out,),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (-LIMIT, LIMIT)],
    )
    a, b, c = (float(each) for each in found.x)
    return a, b, c


def _loss_and_slope(point: Floats, held_out: HeldOut) -> tuple[float, Floats]:
    """Return the penalised negative log-likelihood and its gradient at (a, b, c)."""
    a, b, c = point
    left, right = (
        -np.logaddexp(0.0, -held_out.margins),
        np.logaddexp(0.0, held_out.margins),
    )
    moved = a * left + b * right + c
    losses = np.logaddexp(0.0, moved) - held_out.labels * moved
    off = held_out.weights * (_expit(moved) - held_out.labels)
    loss = float(held_out.weights @ losses) + RIDGE * ((a - 1) ** 2 + (b - 1) ** 2)
    slope = np.array(
        [
            off @ left + 2 * RIDGE * (a - 1),
            off @ right + 2 * RIDGE * (b - 1),
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


def intervals(held_out: HeldOut, edges: Floats) -> tuple[Floats, Floats]:
    """Return the interval of each of the `len(edges) + 1` bins of the margin.

    Venn-Abers asks twice: what would isotonic regression say of this bin if one more
    account in it were honest, and if it were abusive? That pair has no confidence
    level, so it is widened to the 90 % Wilson interval of the rate in the isotonic
    block around the bin.
    """
    at = np.searchsorted(edges, held_out.margins, side="right")
    count = len(edges) + 1
    weight = _totals(at, held_out.weights, count)
    positive = _totals(at, held_out.weights * held_out.labels, count)
    squares = _totals(at, held_out.weights**2, count)
    low, high = _blocks(positive, weight, squares)
    for number in range(count):
        one = np.zeros(count)
        one[number] = 1.0
        honest = _isotonic(positive, weight + one)[number]
        abusive = _isotonic(positive + one, weight + one)[number]
        low[number] = min(low[number], honest)
        high[number] = max(high[number], abusive)
    return low, high


def _totals(at: NDArray[np.int64], values: Floats, count: int) -> Floats:
    return np.bincount(at, values, count).astype(np.float64)


def _blocks(positive: Floats, weight: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Return the Wilson interval of the isotonic block that holds each bin."""
    low, high = np.zeros(len(weight)), np.ones(len(weight))
    fitted = _isotonic(positive, weight)
    for value in np.unique(fitted[weight > 0]):
        block = (fitted == value) & (weight > 0)
        total = weight[block].sum()
        effective = total**2 / squares[block].sum()
        share = positive[block].sum() / total
        low[block], high[block] = evaluate.wilson(
            share * effective, effective, evaluate.Z_90
        )
    return low, high


def _isotonic(positive: Floats, weight: Floats) -> Floats:
    """Return the increasing rates closest to those of the bins, NaN where empty."""
    from scipy.optimize import isotonic_regression

    result = np.full(len(weight), np.nan)
    used = weight > 0
    if used.any():
        rates = positive[used] / weight[used]
        result[used] = isotonic_regression(rates, weights=weight[used]).x
    return result
