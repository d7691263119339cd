"""Rows of usage into the daily partitions of PostgreSQL."""

import json
from collections.abc import Iterable
from datetime import date as Date  # noqa: N812 - `date` is a column here
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from django.db import connection

from apps.signals.selectors.lake import HOT, TIMES
from ml.schema import TABLES

AHEAD: Final = 3  # days of partitions that always stand ready


def put_hot(table: str, rows: pa.Table) -> None:
    """Append canonical rows with hashes by COPY, inside the caller's transaction."""
    if rows.num_rows == 0:
        return
    days = pa.compute.unique(rows[TIMES[table]].cast(pa.date32())).to_pylist()
    ensure_days(days)
    counts = {column.name for column in TABLES[table] if column.type == "counts"}
    names = [*(column.name for column in TABLES[table]), "key_hash", "body_hash"]
    columns = [
        _as_json(rows[name].to_pylist()) if name in counts else rows[name].to_pylist()
        for name in names
    ]
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {HOT[table]} ({', '.join(names)}) FROM STDIN") as copy,
    ):
        for row in zip(*columns, strict=True):
            copy.write_row(row)


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


def _as_json(values: list[Any]) -> list[str | None]:
    return [None if value is None else json.dumps(dict(value)) for value in values]
