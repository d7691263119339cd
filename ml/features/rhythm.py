"""Features of timing: evenness, the hours of the day, and what follows a release."""

from datetime import timedelta
from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import DOUBT_PAIRS, Known, smoothed, some

_HOURS_OF_DAY: Final = 24
# Fewer requests than this make a spread of hourly counts meaningless.
_LEAST_FOR_SPREAD: Final = 20


def evenness(known: Known) -> Any:
    """Return account_id, requests, pairs, hours: hourly counts of 7 days.

    `pairs` sums n * (n - 1) over the hours; `hours` runs from the account's first
    active hour of the week to `as_of`, idle hours included.
    """
    rows = known.hours(7)
    return rows.group_by("account_id").aggregate(
        requests=rows.requests.sum().cast("int64"),
        pairs=(rows.requests * (rows.requests - 1)).sum().cast("int64"),
        hours=known.now.hour + 1 - rows.hour.min(),
    )


def spread(totals: Any) -> Any:
    """Variation of hourly counts beyond chance: (variance - mean) / mean^2.

    Chance alone (Poisson) gives 0 at any volume, so a quiet account and a heavy one can
    be compared; nights and pauses give more than 1.
    """
    whole = totals.requests * totals.requests
    value = totals.hours * totals.pairs / whole.nullif(0) - 1.0
    return (totals.requests >= _LEAST_FOR_SPREAD).ifelse(value, None)


def clock(known: Known) -> Any:
    """Return account_id, equal, pairs: of the hour of day (UTC) in 7 days."""
    rows = known.hours(7)
    rows = rows.mutate(clock=rows.hour % _HOURS_OF_DAY)
    cells = rows.group_by("account_id", "clock").aggregate(
        n=rows.requests.sum().cast("int64")
    )
    totals = cells.group_by("account_id").aggregate(
        equal=(cells.n * (cells.n - 1)).sum().cast("int64"),
        n=cells.n.sum().cast("int64"),
    )
    return totals.mutate(pairs=totals.n * (totals.n - 1))


def flatness(totals: Any) -> Any:
    """Effective number of hours of the day in use, of 24: 1 is flat, 1/24 one hour.

    Two requests of a flat account fall on the same hour of day with chance 1/24.
    """
    # one hour of doubt: with little seen, all requests are taken to share one hour
    value = totals.pairs / (_HOURS_OF_DAY * (totals.equal + DOUBT_PAIRS))
    return some(totals.pairs, value.clip(upper=1.0))


def pivots(known: Known) -> Any:
    """Return account_id, moved, total: exchanges in the day after a release.

    `moved` went to the released model. Several releases of 30 days are added up.
    """
    calendar = known.table("provider", "at", 30, everybody=True)
    releases = calendar.filter(calendar.kind == "model_release")
    releases = releases.select(
        release="name", start="at", end=releases["at"] + timedelta(days=1)
    ).distinct()
    rows = known.table("usage", "occurred_at", 30)
    rows = rows.select("account_id", "occurred_at", "model")
    seen = rows.join(
        releases,
        [rows.occurred_at >= releases.start, rows.occurred_at < releases.end],
    )
    return seen.group_by("account_id").aggregate(
        moved=seen.count(where=seen.model == seen.release), total=seen.count()
    )


FEATURES: Final = (
    Feature(
        name="hourly_spread_times_7d",
        family="RHY",
        code="RHY-01",
        group="usage",
        unit="times",
        window="7d",
        direction=-1,
        label="Variation of hourly requests",
        analyst_text="Hourly requests of 7 days vary by {value} beyond chance.",
        misleads="Production systems of honest customers run evenly as well.",
        missing="fewer than 20 requests in 7 days",
        source=evenness,
        value=spread,
        floor=Floor("request_count_7d", 200),
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="clock_flatness_ratio_7d",
        family="RHY",
        code="RHY-02",
        group="usage",
        unit="share",
        window="7d",
        direction=1,
        label="Requests spread over all hours of the day",
        analyst_text="Requests fill {value} of the hours of the day, night included.",
        misleads="Services with users in every time zone never sleep.",
        missing="fewer than two requests in 7 days with a known hour",
        source=clock,
        value=flatness,
        floor=Floor("request_count_7d", 200),
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="release_pivot_ratio_30d",
        family="RHY",
        code="RHY-03",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Move to a new model within a day",
        analyst_text="{value} of exchanges moved to a new model on its first day.",
        misleads="Researchers and early adopters try a release at once.",
        missing="no release in 30 days, or no exchange on its first day",
        source=pivots,
        value=lambda t: smoothed(t.moved, t.total, doubt=10),
        floor=Floor("exchange_count_30d", 50),
    ),
)
