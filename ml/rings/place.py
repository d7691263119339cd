"""Where an account stands in a ring, from the values it shares; light to import."""

import math
from collections.abc import Sequence
from typing import Final

VIEW_NAMES: Final = (
    "identity",
    "payment",
    "network",
    "device",
    "shape",
    "work",
    "reaction",
)
CAP: Final = 8.0  # no single agreement may say more than odds of about 3,000
POINTS: Final = 10.0 / math.log(10.0)  # evidence points for each unit of log-odds
PER_VIEW: Final = 0.55  # how much agreement in one view says of belonging
LONE_VIEW: Final = 0.0  # one shared trait has too many innocent causes to say anything
TENURED: Final = 0.3  # at most, of an account that lived long by itself


def place(
    shared: Sequence[tuple[str, float]], *, tenured: bool = False
) -> tuple[str, float, tuple[str, ...]]:
    """Return an account's level, agreement m and views from the values it shares.

    `shared` holds a view and evidence points for each value; the strongest of each view
    counts. A lone view, or long tenure, makes nobody more than periphery, and a lone
    view leaves the account's own probability as it is.
    """
    best: dict[str, float] = {}
    for view, points in shared:
        best[view] = max(points, best.get(view, 0.0))
    views = tuple(name for name in VIEW_NAMES if name in best)
    doubt = math.prod(1.0 - PER_VIEW * best[name] / POINTS / CAP for name in views)
    level = {0: "bystander", 1: "periphery", 2: "likely"}.get(len(views), "core")
    agreement = 1.0 - doubt
    if level in {"bystander", "periphery"} or tenured:
        alone = len(views) <= 1
        agreement = min(agreement, LONE_VIEW if alone else TENURED)
        level = "bystander" if level == "bystander" else "periphery"
    return level, round(agreement, 6), views
