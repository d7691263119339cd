"""How busy accounts ask: laws fitted to 384 production clients of a model API.

The clients are those of ServeGen (Apache-2.0, arXiv 2505.09999) that send text and ask
200 times a day or more. Of each quantity this file holds fifteen quantiles, of their
ranks the correlation, and nothing of any client. A short stretch of a bursty client is
more even than its law, so the tails of `awake` and `uneven` lie beyond those measured.
`bench/fit.py` measures how far worlds are from the traces.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from ml.simulate.clock import DAYS, is_weekend
from ml.simulate.seeds import Columns, Numbers
from ml.simulate.templates import usual_limits

HOURS: Final = DAYS * 24
_AT: Final = (
    0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1,
)  # fmt: skip
_RATE: Final = (
    235, 370, 530, 830, 2_650, 5_800, 10_700, 22_900, 48_200, 97_300, 262_000, 922_000,
    2_370_000, 5_470_000, 9_000_000,
)  # fmt: skip
_AWAKE: Final = (
    0.0015, 0.002, 0.003, 0.005, 0.015, 0.035, 0.1, 0.28, 0.49, 0.813, 0.963, 0.997,
    0.999, 0.9995, 0.9999,
)  # fmt: skip
_UNEVEN: Final = (
    0.1, 0.15, 0.2, 0.38, 0.6, 0.8, 1.05, 1.35, 1.7, 2.2, 2.9, 3.7, 4.3, 4.8, 5.0,
)  # fmt: skip
_INPUT: Final = (
    12.5,
    36,
    51,
    70,
    160,
    242,
    308,
    433,
    627,
    901,
    1_180,
    2_020,
    3_580,
    6_610,
    20_000,
)
_OUTPUT: Final = (
    1,
    1,
    1.2,
    3,
    16,
    33,
    52,
    78,
    153,
    287,
    440,
    805,
    1_130,
    1_490,
    6_000,
)
_INPUT_SD: Final = (
    0.005, 0.01, 0.02, 0.036, 0.07, 0.117, 0.174, 0.237, 0.336, 0.45, 0.64, 0.96, 1.27,
    1.68, 2.15,
)  # fmt: skip
_OUTPUT_SD: Final = (
    0.005, 0.01, 0.02, 0.13, 0.19, 0.25, 0.33, 0.41, 0.5, 0.56, 0.69, 0.98, 1.35, 1.76,
    2.2,
)  # fmt: skip
_LAWS: Final = {
    "rate": _RATE,
    "awake": _AWAKE,
    "uneven": _UNEVEN,
    "input": _INPUT,
    "output": _OUTPUT,
    "input_sd": _INPUT_SD,
    "output_sd": _OUTPUT_SD,
}
# of their ranks; what is below .15 counts as none
_TOGETHER: Final = {
    ("rate", "awake"): 0.7,
    ("rate", "uneven"): -0.2,
    ("rate", "output"): -0.26,
    ("awake", "uneven"): -0.3,
    ("awake", "input_sd"): 0.2,
    ("awake", "output_sd"): 0.3,
    ("input", "output"): 0.27,
    ("uneven", "input"): 0.16,
    ("uneven", "output"): -0.17,
    ("output", "input_sd"): 0.18,
    ("input_sd", "output_sd"): 0.49,
}
_BETWEEN_TEMPLATES: Final = 0.15  # of one account, in logs


def draw_clients(rng: np.random.Generator, n: int) -> Columns:
    """Draw `n` clients: requests a day, share of hours awake, and what they send.

    `uneven` is the log-sd of the hours' intensity; `input`, `output` are usual tokens.
    """
    names = list(_LAWS)
    together = np.eye(len(names))
    for (one, other), rank in _TOGETHER.items():
        at = names.index(one), names.index(other)
        together[at] = together[at[::-1]] = rank
    ranks = ndtr(rng.multivariate_normal(np.zeros(len(names)), together, n))
    return {
        name: np.exp(np.interp(ranks[:, at], _AT, np.log(law)))
        for at, (name, law) in enumerate(_LAWS.items())
    }


def in_production(plans: Columns) -> NDArray[np.bool_]:
    """Say which accounts ask as a production client does, [n]."""
    return ~np.isnan(plans["client_awake"])


def shape_templates(
    rng: np.random.Generator, plans: Columns, own: Columns, of: NDArray[np.int64]
) -> None:
    """Give templates the token counts of their client; `of` is the account or -1, [n].

    `own` are rows of a table of templates, which are changed in place.
    """
    where = np.flatnonzero(of >= 0)
    for side in ("input", "output"):
        near = rng.normal(0, _BETWEEN_TEMPLATES, len(where))
        own[f"{side}_ln"][where] = np.log(plans[f"client_{side}"][of[where]]) + near
        own[f"{side}_sd"][where] = plans[f"client_{side}_sd"][of[where]]
    own["free"][where] = 0
    own["max_tokens"][where] = usual_limits(own["output_ln"][where])


def hourly_means(part: Columns, rng: np.random.Generator) -> Numbers:
    """Return expected requests of clients, [n, HOURS].

    One latent series says when a client is awake and how much it asks then: its own
    day, and a wander that remembers the hour before. The highest share `awake` of the
    hours is open, and the intensity there is exp(uneven * series).
    """
    n = len(part["rate"])
    drive = _wander(rng, n)
    daily = rng.uniform(0.2, 0.7, n)[:, None]
    series = np.sqrt(1 - daily**2) * drive + daily * np.tile(_day(part), (1, DAYS))
    closed = ndtri(1 - part["client_awake"])[:, None]
    uneven = part["client_uneven"][:, None]
    usual = np.exp(uneven**2 / 2 + log_ndtr(uneven - closed))
    means = part["rate"][:, None] / 24 / usual * np.exp(uneven * series)
    hours = np.arange(HOURS)[None, :] / 24
    rests = is_weekend(hours) & (rng.random(n) < 0.5)[:, None]
    means *= np.where(rests, part["weekend"][:, None], 1.0)
    return np.where(series > closed, means, 0.0)


def _wander(rng: np.random.Generator, n: int) -> Numbers:
    """Return stationary series of variance one in which hours follow the one before."""
    keeps = rng.beta(6, 2, n)
    steps = rng.normal(0, 1, (HOURS, n))
    found = np.empty((HOURS, n))
    found[0] = steps[0]
    for hour in range(1, HOURS):
        found[hour] = keeps * found[hour - 1] + np.sqrt(1 - keeps**2) * steps[hour]
    return found.T


def _day(part: Columns) -> Numbers:
    """Return each client's day with mean zero and variance one, [n, 24]."""
    hours = np.arange(24)[None, :] + 0.5
    away = np.abs((hours - part["peak"][:, None] + 12) % 24 - 12)
    shape = np.exp(-0.5 * (away / np.maximum(part["width"], 1.5)[:, None]) ** 2)
    shape -= shape.mean(1, keepdims=True)
    return np.asarray(shape / shape.std(1, keepdims=True))
