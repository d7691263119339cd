"""Times to an event that not everybody lives to see (Kaplan and Meier, 1958).

What was not detected is censored at the end, never dropped: a system that finds the
easy half at once and the rest never has a median of infinity, not of an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that is still undetected after each time, and how many there were."""

    times: tuple[float, ...]
    left: tuple[float, ...]
    count: int

    def when(self, share: float) -> float | None:
        """Return the first time by which this share was detected; None if never."""
        for time, left in zip(self.times, self.left, strict=True):
            if left <= 1.0 - share + 1e-12:
                return time
        return None


def kaplan_meier(spans: Sequence[float], seen: Sequence[bool]) -> Curve:
    """Estimate the curve from spans until detection or, where not seen, until the end.

    Where a detection and a censoring fall together, the detection comes first.
    """
    time, event = np.asarray(spans, float), np.asarray(seen, bool)
    times = np.unique(time[event])
    left, current = [], 1.0
    for moment in times:
        at_risk = np.count_nonzero(time >= moment)
        current *= 1.0 - np.count_nonzero(event & (time == moment)) / at_risk
        left.append(float(current))
    return Curve(tuple(times.tolist()), tuple(left), len(time))
