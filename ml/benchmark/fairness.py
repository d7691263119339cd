"""Whether honest people of some countries pay more often for a system's mistakes."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from ml import evaluate
from ml.benchmark.read import Account, Scores
from ml.benchmark.spread import least_over_most

RATES: Final = (0.01, 0.02, 0.05)


def group_rates(
    truth: Sequence[Account], before: Scores, after: Scores
) -> list[dict[str, Any]]:
    """Return the false-positive rate of each group of countries, with its interval.

    `before` and `after` are lifetime scores of validation and of test. Thresholds come
    from validation honest; `ratio` is the least over the greatest rate,
    `ratio_at_most` what the intervals would allow at best, and `ratio_by_chance` the
    median and lowest twentieth of what a system blind to groups would get.
    """
    calm = np.array([before[o.account_id] for o in truth if _in(o, before)])
    seen = [one for one in truth if _in(one, after)]
    scores = np.array([after[one.account_id] for one in seen])
    groups = np.array([one.group for one in seen])
    houses = [one.house or one.account_id for one in seen]
    if not len(calm) or not seen:
        return []
    found = []
    above = [scores > evaluate.threshold_at(calm, rate) for rate in RATES]
    chance = least_over_most(np.array(above), houses, groups.tolist())
    for rate, flagged, by_chance in zip(RATES, above, chance, strict=True):
        shares = {
            str(group): evaluate.share(flagged[groups == group])
            for group in np.unique(groups).tolist()
        }
        most = max(share.value for share in shares.values())
        least = min(share.value for share in shares.values())
        tops = min(share.high for share in shares.values())
        found.append(
            {
                "rate": rate,
                "groups": {name: asdict(share) for name, share in shares.items()},
                "ratio": least / most if most else None,
                "ratio_at_most": min(1.0, tops / most) if most else None,
                "ratio_by_chance": by_chance,
            }
        )
    return found


def _in(one: Account, scores: Scores) -> bool:
    return one.honest and one.account_id in scores
