"""How long free conversations are: laws fitted to the Azure traces of 2023.

People who type, and the code of an editor, do not follow a lognormal law: a quarter of
the conversations has contexts between 1,000 and 1,200 tokens, and most completions of
code are a line. Templates of free text draw ranks; this file turns them into tokens by
quantiles of the published traces (CC-BY 4.0). `bench/fit.py` measures the distance.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ml.simulate.seeds import Numbers

_CODE: Final = 1  # of templates.CATEGORIES
# 33 quantiles from the least to the most; of conversations, then of code
_ENTERED: Final = (
    (5, 165, 194, 206, 235, 374, 383, 391, 396, 401, 405, 412, 428, 818, 966, 1001,
     1020, 1037, 1052, 1067, 1083, 1100, 1120, 1147, 1189, 1312, 1335, 1767, 2309, 3018,
     4079, 4089, 14050),
    (5, 51, 90, 137, 185, 246, 348, 462, 578, 700, 825, 915, 1016, 1093, 1196, 1342,
     1469, 1605, 1734, 1885, 2048, 2195, 2372, 2539, 2744, 2982, 3330, 3775, 4434, 5510,
     6499, 7435, 7437),
)  # fmt: skip
_ANSWERED: Final = (
    (7, 33, 45, 53, 60, 68, 75, 81, 85, 89, 92, 95, 99, 104, 110, 118, 129, 141, 157,
     171, 195, 223, 377, 389, 395, 397, 402, 411, 416, 427, 440, 502, 1000),
    (6, 6, 6.2, 7, 7.2, 8, 8.2, 9, 9.2, 9.4, 10, 10.2, 11, 11.2, 12, 12.2, 13, 14, 15,
     15.2, 16, 18, 19, 21, 24, 27, 31, 37, 46, 58, 77, 126, 1899),
)  # fmt: skip
# center and spread of the logs that the ranks come from, contexts grown by turn
_CENTER: Final = {"input": (6.45, 1.08), "output": (5.0, 0.99)}


def entered_by(logs: Numbers, category: NDArray[np.int64]) -> Numbers:
    """Return input tokens of free exchanges from the logs of their ranks, [n]."""
    return _lengths(logs, category, _ENTERED, _CENTER["input"])


def answered_by(logs: Numbers, category: NDArray[np.int64]) -> Numbers:
    """Return output tokens of free exchanges from the logs of their ranks, [n]."""
    return _lengths(logs, category, _ANSWERED, _CENTER["output"])


def _lengths(
    logs: Numbers,
    category: NDArray[np.int64],
    laws: tuple[tuple[float, ...], ...],
    center: tuple[float, float],
) -> Numbers:
    rank = ndtr((logs - center[0]) / center[1])
    at = np.linspace(0, 1, len(laws[0]))
    talk, code = (np.interp(rank, at, np.log(law)) for law in laws)
    return np.exp(np.where(category == _CODE, code, talk))
