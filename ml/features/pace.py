"""Features of pace: pauses, weeks, the first days, and the answer to a protection."""

from datetime import timedelta
from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import DOUBT_PAIRS, Known, smoothed, some
from ml.features.sums import FIRSTS, HOURS, Daily, Rows, added, merged_hours

_HOURS_OF_DAY: Final = 24
_DAY: Final = 86_400
_HOUR: Final = 3600
_DAYS_OF_WEEK: Final = 7
_WEEK_HOURS: Final = 168
_COMPLETE_HOURS: Final = 29 * _HOURS_OF_DAY
# Fewer pauses than this say nothing about their spread.
_LEAST_PAUSES: Final = 20


def pauses(known: Known) -> Any:
    """Return account_id, n, total, squares: pauses under an hour between exchanges.

    In milliseconds, over 7 days: whole numbers, whose sums are the same in any order.
    Longer pauses are nights and meals, not pace.
    """
    import ibis  # half a second, which only bulk work pays

    days = known.sums(PAUSES, 7)
    before = ibis.window(group_by="account_id", order_by="first")
    gap = days.first - days.last.lag().over(before)  # over midnight
    days = days.mutate(gap=(gap <= _HOUR * 1000).ifelse(gap, None))
    days = days.mutate(
        n=days.n + days.gap.notnull().ifelse(1, 0),
        total=days.total + days.gap.fill_null(0),
        squares=days.squares + (days.gap * days.gap).fill_null(0),
    )
    rows = days.group_by("account_id").aggregate(
        **{name: days[name].sum().cast("int64") for name in ("n", "total", "squares")}
    )
    return rows.filter(rows.n > 0)


def _pauses(rows: Rows) -> Any:
    """Return account_id, day, first, last and sums of the pauses inside a day (UTC)."""
    import ibis  # half a second, which only bulk work pays

    exchanges = rows.exchanges
    seconds = exchanges.occurred_at.epoch_seconds().cast("float64")  # with a fraction
    each = exchanges.select(
        "account_id",
        day=exchanges.occurred_at.epoch_seconds() // _DAY,
        at=(seconds * 1000).round().cast("int64"),
    )
    before = ibis.window(group_by=["account_id", "day"], order_by="at")
    each = each.mutate(gap=each["at"] - each["at"].lag().over(before))
    short = each.gap <= _HOUR * 1000
    return each.group_by("account_id", "day").aggregate(
        first=each["at"].min(),
        last=each["at"].max(),
        n=each.count(where=short),
        total=each.gap.sum(where=short).fill_null(0).cast("int64"),
        squares=(each.gap * each.gap).sum(where=short).fill_null(0).cast("int64"),
    )


PAUSES: Final = Daily("pauses", (7,), _pauses)


def spread(totals: Any) -> Any:
    """Squared variation of pauses: 1 by chance, 0 for a metronome, more for people."""
    total = totals.total.cast("float64")
    value = totals.n * totals.squares.cast("float64") / (total * total).nullif(0) - 1.0
    return (totals.n >= _LEAST_PAUSES).ifelse(value, None)


def silences(known: Known) -> Any:
    """Return account_id, longest: most hours in a row without a request in 7 days.

    From the account's first active hour of the week on, the hours up to now included.
    """
    import ibis  # half a second, which only bulk work pays

    rows = known.hours(7).select("account_id", "hour")
    before = ibis.window(group_by="account_id", order_by="hour")
    rows = rows.mutate(gap=(rows.hour - rows.hour.lag().over(before)).fill_null(1) - 1)
    each = rows.group_by("account_id").aggregate(
        between=rows.gap.max(), since=known.now.hour - rows.hour.max()
    )
    longest = (each.between > each.since).ifelse(each.between, each.since)
    return each.select("account_id", longest=longest)


def weekdays(known: Known) -> Any:
    """Return account_id, equal, pairs: of the day of the week (UTC) in 30 days."""
    rows = known.sums(DAYS, 30)
    rows = rows.mutate(day=rows.day % _DAYS_OF_WEEK)
    cells = added(rows, ["account_id", "day"])
    totals = cells.group_by("account_id").aggregate(
        equal=(cells.n * (cells.n - 1)).sum().cast("int64"),
        n=cells.n.sum().cast("int64"),
    )
    return totals.mutate(pairs=totals.n * (totals.n - 1))


def _days(rows: Rows) -> Any:
    """Return account_id, day since the epoch, n: requests of its hours."""
    hours = merged_hours(HOURS.of(rows))
    return hours.group_by("account_id", day=hours.hour // _HOURS_OF_DAY).aggregate(
        n=hours.requests.sum().cast("int64")
    )


DAYS: Final = Daily("days", (30,), _days)


def beginnings(known: Known) -> Any:
    """Return account_id, delay, passed, day, week: how an account began to be used.

    `delay` is the hours from its opening to its first request ever, `passed` those
    since then; `day` and `week` count requests of the first 24 and 168 hours, which
    are complete only where the account began within 30 days.
    """
    firsts = known.sums(FIRSTS, None)
    firsts = firsts.group_by("account_id").aggregate(first=firsts.first.min())
    accounts = known.table("accounts", "created_at")
    opened = accounts.select(
        "account_id", opened=accounts.created_at.epoch_seconds() // _HOUR
    )
    # of the others neither day nor week is complete
    young = firsts.filter(firsts.first >= known.now.hour - _COMPLETE_HOURS)
    hours = merged_hours(known.sums(HOURS, 30).semi_join(young, "account_id"))
    hours = hours.join(young, "account_id")
    age = hours.hour - hours.first
    early = hours.group_by("account_id").aggregate(
        day=hours.requests.sum(where=age < _HOURS_OF_DAY).cast("int64"),
        week=hours.requests.sum(where=age < _WEEK_HOURS).cast("int64"),
    )
    rows = firsts.join(opened, "account_id").left_join(early, "account_id")
    return rows.select(
        "account_id",
        "day",
        "week",
        delay=rows.first - rows.opened,
        passed=known.now.hour - rows.first,
    )


def first_day(totals: Any) -> Any:
    """Share of the first week's requests that came on its first day; 1/7 is steady."""
    share = smoothed(totals.day, totals.week, doubt=20, prior=1 / _DAYS_OF_WEEK)
    complete = totals.passed.between(_WEEK_HOURS, _COMPLETE_HOURS)
    return complete.ifelse(share, None)


def protections(known: Known) -> Any:
    """Return account_id and exchanges two days before and after a model was hardened.

    `before`, `after` count all, `named_before`, `named_after` those of the hardened
    model. Several protection changes of 30 days are added up.
    """
    calendar = known.table("provider", "at", 30, everybody=True)
    changes = calendar.filter(calendar.kind == "protection_change")
    changes = changes.select(
        hardened="name",
        change="at",
        start=changes["at"] - timedelta(days=2),
        end=changes["at"] + timedelta(days=2),
    ).distinct()
    rows = known.table("usage", "occurred_at", 30)
    rows = rows.select("account_id", "occurred_at", "model")
    seen = rows.join(
        changes, [rows.occurred_at >= changes.start, rows.occurred_at < changes.end]
    )
    early, named = seen.occurred_at < seen.change, seen.model == seen.hardened
    return seen.group_by("account_id").aggregate(
        before=seen.count(where=early),
        named_before=seen.count(where=early & named),
        after=seen.count(where=~early),
        named_after=seen.count(where=~early & named),
    )


def left(totals: Any) -> Any:
    """Fall of the hardened model's share, shrunk to 0 when little was seen before."""
    before = smoothed(totals.named_before, totals.before, doubt=10)
    after = totals.named_after / totals.after.nullif(0)
    fall = (before - after).clip(lower=0.0)
    return (totals.after > 0).ifelse(fall, None)


def weekly(totals: Any) -> Any:
    """Effective number of days of the week in use, of 7, shrunk to one day."""
    value = totals.pairs / (_DAYS_OF_WEEK * (totals.equal + DOUBT_PAIRS))
    return some(totals.pairs, value.clip(upper=1.0))


FEATURES: Final = (
    Feature(
        name="pause_spread_times_7d",
        family="RHY",
        code="RHY-04",
        group="usage",
        unit="times",
        window="7d",
        direction=-1,
        label="Variation of pauses between requests",
        analyst_text="Pauses under an hour vary {value} times as much as by chance.",
        misleads="Polling and streaming services of honest customers keep one pace.",
        missing="fewer than 20 pauses under an hour in 7 days",
        source=pauses,
        value=spread,
        floor=Floor("exchange_count_7d", 200),
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="longest_silence_days",
        family="RHY",
        code="RHY-05",
        group="usage",
        unit="days",
        window="7d",
        direction=-1,
        label="Longest silence in a week",
        analyst_text="The longest silence of 7 days lasted {value} days.",
        misleads="Monitoring and services with users everywhere never pause.",
        missing="no traffic in 7 days with a known hour",
        source=silences,
        value=lambda t: t.longest / _HOURS_OF_DAY,
        floor=Floor("request_count_7d", 200),
    ),
    Feature(
        name="week_flatness_ratio_30d",
        family="RHY",
        code="RHY-06",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Requests spread over all days of the week",
        analyst_text="Requests fill {value} of the days of the week, any of them.",
        misleads="Products for the public are used on every day.",
        missing="fewer than two requests in 30 days with a known hour",
        source=weekdays,
        value=weekly,
        floor=Floor("request_count_30d", 200),
    ),
    Feature(
        name="protection_flight_ratio_30d",
        family="RHY",
        code="RHY-07",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Left a model after it was hardened",
        analyst_text=(
            "The share of a hardened model in the exchanges fell by {value} within two "
            "days of the change."
        ),
        misleads="A change that spoils answers drives honest customers away as well.",
        missing="no model was hardened in 30 days, or it was not used around that time",
        source=protections,
        value=left,
        floor=Floor("exchange_count_30d", 50),
    ),
    Feature(
        name="first_day_ratio_30d",
        family="VOL",
        code="VOL-04",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Full use from the first day",
        analyst_text="{value} of the first week's requests came on the first day.",
        misleads="Migrations from another provider and events start at full speed.",
        missing="use began less than 7 or more than 29 days ago",
        source=beginnings,
        value=first_day,
        floor=Floor("request_count_30d", 50),
    ),
    Feature(
        name="first_use_delay_days",
        family="VOL",
        code="VOL-05",
        group="usage",
        unit="days",
        window="all",
        direction=1,
        label="Rest between opening and first use",
        analyst_text="The account lay {value} days before its first request.",
        misleads="People sign up in curiosity and start when a project does.",
        missing="the account was never used",
        source=beginnings,
        value=lambda t: t.delay.clip(lower=0) / _HOURS_OF_DAY,
    ),
)
