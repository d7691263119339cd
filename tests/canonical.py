"""Canonical tables in memory, for tests of what reads them: no database, no files."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa

from ml.schema import TABLES, Column

_TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us"),  # UTC, as the engine shows it
    "uint32s": pa.list_(pa.uint32()),
    "counts": pa.map_(pa.string(), pa.int64()),
}
_NEUTRAL = {
    "string": "",
    "int32": 0,
    "int64": 0,
}

Rows = Sequence[Mapping[str, Any]]


def backend(**tables: Rows) -> Any:
    """Return an Ibis backend with every canonical table; rows may leave columns out.

    `recorded_at` defaults to the row's own time, as in a bundle.
    """
    connection = ibis.duckdb.connect(threads=1)
    for name, columns in TABLES.items():
        table = arrow(columns, tables.pop(name, ()))
        connection.create_table(name, table)
    assert not tables, f"unknown tables: {sorted(tables)}"
    return connection


def arrow(columns: Sequence[Column], rows: Rows) -> pa.Table:
    known = {column.name for column in columns}
    for row in rows:
        assert known >= set(row), f"unknown columns: {sorted(set(row) - known)}"
    arrays = {
        column.name: pa.array(
            [_value(column, row) for row in rows], type=_TYPES[column.type]
        )
        for column in columns
    }
    return pa.table(arrays)


def _value(column: Column, row: Mapping[str, Any]) -> Any:
    if column.name in row:
        return _plain(row[column.name])
    if not column.required:
        return None
    if column.type == "timestamp":
        return _plain(next(at for at in row.values() if isinstance(at, datetime)))
    return _NEUTRAL[column.type]


def _plain(value: Any) -> Any:
    """Return a moment without its zone, in UTC; anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
