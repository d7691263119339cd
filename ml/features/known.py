"""The canonical tables, cut to what was known at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ml.features.clock import Clock, Fixed
from ml.features.sums import (
    HOUR,
    HOURS,
    Daily,
    Rows,
    added,
    kept_name,
    merged_hours,
    part_name,
    rest_name,
)

# Addresses of these classes belong to nobody for long: a change or a shared value
# says nothing about the account behind it.
SHARED_CLASSES: Final = ("education", "mobile", "vpn", "tor", "relay")


@dataclass(frozen=True, slots=True)
class Known:
    """A view of an Ibis backend's canonical tables as of one moment.

    Every question goes through `table`, so that no feature can forget a clock:
    a row counts when it happened by `as_of` and was recorded by `as_of`.
    `account_ids` (None: everybody) limits whose own facts are read; tables that
    compare accounts with each other are read with `everybody=True`.
    """

    backend: Any
    as_of: datetime
    account_ids: tuple[str, ...] | None = None
    clock: Clock | None = None  # None: the moment itself, on every backend
    # asking a backend for the columns of a table costs more than many a query
    opened: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> Clock:
        """Return how expressions are told the moment."""
        return self.clock or Fixed(self.as_of)

    def moment(self, column: Any, days: int = 0) -> Any:
        """Return `as_of` less some days as the column tells time: plain is UTC.

        Comparing a plain column with a zoned time converts every row, at ten times
        the price.
        """
        at = self.now.moment(zoned=bool(column.type().timezone))
        return at - timedelta(days=days) if days else at

    def table(
        self,
        name: str,
        at: str,
        days: int | None = None,
        *,
        everybody: bool = False,
        rest: bool = False,
    ) -> Any:
        """Return rows with `at` in (as_of - days, as_of], recorded by then.

        With `rest` those of days of which the backend has kept no sums.
        """
        if rest:  # must be there: the whole would count kept days twice
            part = whole = rest_name(name, days)
        else:
            part, whole = name if days is None else f"{name}_{part_name(days)}", name
        rows = self._opened(part, whole)
        now = self.moment(rows[at])
        rows = rows.filter(rows[at] <= now)
        if "recorded_at" in rows.columns:  # outcomes are known when they are recorded
            rows = rows.filter(rows.recorded_at <= now)
        if days is not None:
            rows = rows.filter(rows[at] > self.moment(rows[at], days))
        return rows if everybody else self._chosen(rows)

    def _chosen(self, rows: Any) -> Any:
        """Keep the rows of the accounts that are asked about."""
        if self.account_ids is None:
            return rows
        return rows.filter(rows.account_id.isin(self.account_ids))

    def _opened(self, name: str, whole: str | None) -> Any:
        """Return a table; of a name that is not there, the whole that it is a part of.

        A backend may offer NAME_30d beside NAME: its rows of the last 30 days before
        the moment, so that nothing older is read for them. None without either.
        """
        from ibis.common.exceptions import TableNotFound  # a large library

        if name not in self.opened:
            try:
                self.opened[name] = self.backend.table(name)
            except TableNotFound:
                if name == whole:
                    raise
                self.opened[name] = whole and self._opened(whole, whole)
        return self.opened[name]

    def sums(self, daily: Daily, days: int | None, *, everybody: bool = False) -> Any:
        """Return what `daily` counts of the last `days`, in parts to be added up.

        Where the backend offers what it has kept of whole days, only the rest is read.
        """
        kept = self._opened(kept_name(daily, days), None)
        rest = kept is not None
        parts = daily.of(
            Rows(
                self.table(
                    "usage", "occurred_at", days, everybody=everybody, rest=rest
                ),
                self.windows(days, everybody=everybody, rest=rest),
            )
        )
        if kept is None:
            return parts
        kept = kept if everybody else self._chosen(kept)
        return parts.union(kept.select(*parts.columns))

    def windows(
        self,
        days: int | None = None,
        *,
        everybody: bool = False,
        rest: bool = False,
    ) -> Any:
        """Return hourly windows of the last `days` that were over by `as_of`."""
        rows = self.table(
            "usage_window", "window_start", days, everybody=everybody, rest=rest
        )
        end = rows.window_start.epoch_seconds() + rows.window_s
        return rows.filter(end <= self.now.seconds)

    def hours(self, days: int, *, longest: int = HOUR) -> Any:
        """Return account_id, hour, requests, seen, consumer: one row an active hour.

        An hour may be reported as a window, as exchanges, or as a window with a sample
        of its exchanges: `requests` is the larger of the two counts. `seen` is their
        sum and `consumer` the part of it from consumer networks, for shares.
        `longest` leaves out windows of more seconds, which hide the hour.
        """
        return merged_hours(self.sums(HOURS, days), longest=longest)


def settled(rows: Any) -> Any:
    """Keep sightings of a known network whose addresses stay with one customer."""
    kind = rows.ip_class.fill_null("unknown")
    return rows.filter(rows.asn.notnull(), rows.asn >= 0, kind.notin(SHARED_CLASSES))


def pairs_of(cells: Any, keys: Sequence[str], by: Sequence[str] = ()) -> Any:
    """Return account_id, pairs, equal: how often two requests agree on `keys`.

    `cells` count n requests; a key may have several. Of a key counted n times,
    n * (n - 1) ordered pairs agree. The chance that two requests of one account agree,
    sum(n * (n - 1)) / (N * (N - 1)), does not depend on how many requests there are,
    nor on sampling, and its parts can be added up. With `by`, only pairs inside one
    value of `by` are compared.
    """
    cells = added(cells, ["account_id", *by, *keys])
    blocks = cells.group_by(["account_id", *by]).aggregate(
        equal=(cells.n * (cells.n - 1)).sum().cast("int64"),
        n=cells.n.sum().cast("int64"),
    )
    return blocks.group_by("account_id").aggregate(
        equal=blocks.equal.sum().cast("int64"),
        pairs=(blocks.n * (blocks.n - 1)).sum().cast("int64"),
    )


# Ten requests make this many ordered pairs: the weight of doubt in a share of pairs.
DOUBT_PAIRS: Final = 90


def unequal_share(totals: Any) -> Any:
    """Chance that two requests differ, shrunk to 0 when little was seen."""
    differ = totals.pairs - totals.equal
    return some(totals.pairs, differ / (totals.pairs + DOUBT_PAIRS))


def equal_share(totals: Any) -> Any:
    """Chance that two requests agree, shrunk to 0 when little was seen."""
    return some(totals.pairs, totals.equal / (totals.pairs + DOUBT_PAIRS))


def smoothed(part: Any, whole: Any, doubt: int, prior: float = 0.0) -> Any:
    """Share of `part` in `whole`, shrunk to `prior`; null when `whole` is 0.

    `doubt` is how many observations the prior is worth.
    """
    return some(whole, (part + prior * doubt) / (whole + doubt))


def some(count: Any, value: Any) -> Any:
    """Return `value` where anything was counted, else null: no evidence, no number."""
    return (count > 0).ifelse(value, None)
