"""Rows as CSV for COPY, a column at a time.

An account brings some twenty small rows. Adapting each of their values costs the
driver more than all else that is done for the account; Arrow writes a column at once,
and marks as PostgreSQL does what is null (nothing) and what is empty (`""`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from apps.customers.policy import Columns


def csv_of(columns: Columns, rows: Sequence[Sequence[Any]]) -> memoryview:
    """Return rows (at least one) as CSV without a header; columns name SQL types."""
    import pyarrow as pa  # a large library, loaded by what imports bundles
    from pyarrow import csv

    table = pa.Table.from_arrays(
        [
            pa.array(_written(kind, values), _NATIVE.get(kind, "string"))
            for (_, kind), values in zip(columns, zip(*rows, strict=True), strict=True)
        ],
        names=[name for name, _ in columns],
    )
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    return memoryview(sink.getvalue())


def _written(kind: str, values: Sequence[Any]) -> Sequence[Any]:
    """Return values as Arrow takes them; the same moment or subject is written once."""
    write = _TEXT.get(kind)
    if write is None:
        return values
    if kind in _OFTEN_AGAIN:
        write = cache(write)
    return [None if value is None else write(value) for value in values]


_TEXT: Final[Mapping[str, Callable[[Any], str]]] = {
    "bytea": lambda value: "\\x" + value.hex(),
    "uuid": lambda value: value.hex,
    "timestamptz": datetime.isoformat,
}
_OFTEN_AGAIN: Final = {"uuid", "timestamptz"}
_NATIVE: Final = {
    "bigint": "int64",
    "integer": "int32",
    "smallint": "int16",
    "boolean": "bool",
}
