"""Pace: sums that are the same in whatever order threads add them."""

import itertools
import random
from datetime import UTC, datetime, timedelta

from ml.features import compute
from tests.canonical import backend

T = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HALF_A_DAY = 43_200_000_000  # microseconds


def test_pauses_add_up_as_whole_milliseconds() -> None:
    rng = random.Random(3)
    moments = sorted(rng.randrange(HALF_A_DAY) for _ in range(200))
    rows = [
        {
            "account_id": "a",
            "occurred_at": T - timedelta(microseconds=moment),
            "event_id": str(number),
            "key_id": "key",
            "model": "m-1",
        }
        for number, moment in enumerate(moments)
    ]
    opened = [{"account_id": "a", "created_at": T - timedelta(days=9)}]
    frame = compute(backend(accounts=opened, usage=rows), T)
    whole = [round((T.timestamp() - us / 1e6) * 1000) for us in reversed(moments)]
    gaps = [later - one for one, later in itertools.pairwise(whole)]
    assert max(gaps) < 3_600_000
    expected = len(gaps) * float(sum(gap * gap for gap in gaps)) / sum(gaps) ** 2 - 1.0
    [value] = frame.values[:, frame.names.index("pause_spread_times_7d")]
    assert value == expected
