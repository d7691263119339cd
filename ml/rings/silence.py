"""Accounts that fall silent together: one operator was struck, stopped or moved on.

Each account has its own pace; it counts as silent when it has been away far longer
than that. Silences are then counted in hours: where many more begin at once than that
part of the day and that fortnight usually see, the window is a value of its accounts.
Stops in a known incident say nothing.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

HOUR: Final = 3_600_000_000  # microseconds
WINDOW: Final = 6  # hours
AROUND: Final = 7 * 24  # hours before and after, from which the usual is learnt
LEAST_DAYS: Final = 4  # of use, before an account has a pace
LEAST_LIFE: Final = 7 * 24  # hours: guests of an event come and go together
PACES: Final = 4.0  # as many of its own gaps, and two days, is a silence
SURPRISE: Final = 1e-3  # chance of so many stops in a window, at most


def read_silences(backend: Any, *, as_of: datetime) -> "pa.Table":
    """Return account_id, kind, value (the window) and first of joint silences."""
    import pyarrow as pa  # loaded with the tables

    names, begun = _silent(backend, as_of)
    outside = ~_in_incident(backend, begun)
    names, begun = names[outside], begun[outside]
    window = windows(begun // HOUR)
    chosen = window >= 0
    first = (window[chosen] * HOUR).astype(np.int64)
    return pa.table(
        {
            "account_id": pa.array(names[chosen], pa.string()),
            "kind": pa.array(np.full(len(first), "silence", object), pa.string()),
            "value": pa.array(first.astype(str).astype(object), pa.string()),
            "first": pa.array(first, pa.timestamp("us", tz="UTC")),
        }
    )


def _silent(
    backend: Any, as_of: datetime
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the accounts away for far longer than their pace, and since when."""
    import pyarrow as pa  # loaded with the tables

    usage, hours = backend.table("usage"), backend.table("usage_window")
    moments = usage.select("account_id", at=usage.occurred_at).union(
        hours.select("account_id", at=hours.window_start)
    )
    lives = moments.group_by("account_id").agg(
        first=moments.at.min(), last=moments.at.max(), days=moments.at.date().nunique()
    )
    table = lives.to_pyarrow().sort_by("account_id")
    names = table.column("account_id").to_numpy(zero_copy_only=False)
    first, last = (
        table.column(name).cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
        for name in ("first", "last")
    )
    days = table.column("days").to_numpy()
    away = int(as_of.timestamp() * 1_000_000) - last
    pace = (last - first) / days
    paced = (days >= LEAST_DAYS) & (last - first >= LEAST_LIFE * HOUR)
    silent = paced & (away > PACES * pace + 48 * HOUR)
    return names[silent], last[silent]


def active_since(backend: Any, since: datetime) -> set[str]:
    """Return the accounts that were seen at work after a moment."""
    usage, hours = backend.table("usage"), backend.table("usage_window")
    seen = [
        usage.filter(usage.occurred_at > since).select("account_id").distinct(),
        hours.filter(hours.window_start > since).select("account_id").distinct(),
    ]
    return {one for part in seen for one in part.to_pyarrow()[0].to_pylist()}


def _in_incident(backend: Any, begun: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which silences begin while an incident of the provider lasts."""
    import pyarrow as pa  # loaded with the tables

    calendar = backend.table("provider")
    rows = calendar.filter(calendar.kind == "incident").to_pyarrow()
    inside = np.zeros(len(begun), dtype=bool)
    moments = [
        rows.column(name).cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
        for name in ("at", "until")
    ]
    for start, end in zip(*moments, strict=True):
        inside |= (begun >= start - HOUR) & (begun <= (end or start) + HOUR)
    return inside


def windows(hour: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first hour of the joint silence each stop belongs to, -1 for none.

    `hour` counts hours since 1970. Windows of six hours do not overlap; the most
    surprising is taken first.
    """
    from scipy.special import pdtrc  # scipy.stats takes two seconds to load

    found = np.full(len(hour), -1, dtype=np.int64)
    if not len(hour):
        return found
    base = int(hour.min())
    counts = np.bincount(hour - base, minlength=int(hour.max()) - base + WINDOW)
    stops = np.convolve(counts, np.ones(WINDOW, int))[WINDOW - 1 :]
    usual = np.maximum(_usual(counts, stops), 0.5)
    chance = np.where(stops > 0, pdtrc(np.maximum(stops - 1, 0), usual), 1.0)
    for start in np.argsort(chance, kind="stable"):
        if chance[start] > SURPRISE:
            break
        inside = (hour - base >= start) & (hour - base < start + WINDOW) & (found < 0)
        if stops[start] and inside.sum() > stops[start] / 2:
            found[inside] = base + start
    return found


def _usual(counts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the stops that the fortnight around each window and its hours predict."""
    hours = np.arange(len(counts))
    by_hour = np.bincount(hours % 24, counts, 24) + 1.0
    share = np.array([by_hour[(hours[:WINDOW] + at) % 24].sum() for at in range(24)])
    total = np.concatenate([[0], np.cumsum(counts)])
    low, high = np.maximum(hours - AROUND, 0), np.minimum(hours + AROUND, len(counts))
    others = total[high] - total[low] - stops
    span = np.maximum(high - low - WINDOW, 1)
    return others / span * 24 * share[hours % 24] / by_hour.sum()
