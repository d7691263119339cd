"""Rows of usage into the daily partitions of PostgreSQL."""

from collections.abc import Iterable
from datetime import date as Date  # noqa: N812 - `date` is a column here
from datetime import datetime, timedelta
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from apps.signals.selectors.lake import HOT, TIMES
from apps.signals.services import lines
from apps.signals.services.enrich import Canonical
from ml.schema import TABLES

AHEAD: Final = 3  # days of partitions that always stand ready


def put_hot(table: str, content: Canonical, order: pa.Array) -> None:
    """Append canonical rows by COPY, inside the caller's transaction.

    `order` holds the places of the rows to store, by account: that is how the
    partition's index likes them.
    """
    if len(order) == 0:
        return
    days = pc.unique(content.rows[TIMES[table]].take(order).cast(pa.date32()))
    ensure_days(days.to_pylist())
    columns = dict(content.texts)
    for column in TABLES[table]:
        values = content.rows[column.name].combine_chunks()
        if column.type == "timestamp":
            columns[column.name] = lines.moments(values)
        elif column.type == "counts":
            columns[column.name] = _as_json(values)
    lines.copy_in(HOT[table], columns, order)


def ensure_days(days: Iterable[Date]) -> None:
    """Make the partitions of these days where they lack."""
    with connection.cursor() as cursor:
        for day in sorted(days):
            cursor.execute("SELECT signals_ensure_day(%s)", [day])


def ensure_days_ahead(*, at: datetime) -> None:
    ensure_days(at.date() + timedelta(days=step) for step in range(AHEAD + 1))


def drop_empty_days(*, before: Date) -> int:
    """Drop partitions of days before a date that hold no row; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT signals_drop_empty_days(%s)", [before])
        return int(cursor.fetchone()[0])


def _as_json(values: pa.Array) -> pa.Array:
    written = [
        None if pairs is None else msgspec.json.encode(dict(pairs)).decode()
        for pairs in values.to_pylist()
    ]
    return pa.array(written, pa.string()).fill_null(lines.NULL)
