"""What the passes say of a ring, in words."""

import math

from apps.rings.models import Ring
from ml.rings.evalues import LEVEL

MOST = 1_000_000  # beyond, only that it is more


def evidence_words(ring: Ring) -> str:
    """Say how far the facts since a ring was found speak against chance."""
    if ring.log_e is None or ring.tested_to is None:
        return "Not tested yet on facts newer than the pass that found it."
    if ring.log_e == 0.0:
        return (
            "Found by what its accounts had in common. Facts that came later have "
            "not yet told it from chance."
        )
    said = (
        f"Up to {ring.tested_to:%-d %b %Y, %H:%M} UTC, what was new since it was found "
        f"speaks {_times(ring.log_e)} a group that came together by chance: that is "
        "how its accounts went on to agree in what was new to them, beside strangers "
        "of the same kind put in their places, test by test multiplied."
    )
    if ring.confirmed:
        return (
            f"{said} It is confirmed: at most {LEVEL:.0%} of the confirmed rings are "
            "expected to be chance, however often passes look."
        )
    return f"{said} That is not enough to confirm it."


def _times(log_e: float) -> str:
    if log_e > math.log(MOST):
        return f"more than {MOST:,} times for it, against"
    times = math.exp(abs(log_e))
    shown = f"{times:,.1f}" if times < 10 else f"{times:,.0f}"  # noqa: PLR2004 - digits
    if log_e < 0:
        return f"{shown} times against it, for"
    return f"{shown} times for it, against"
