"""Columns as text, made once: for the hash of a fact's body and for COPY.

Separators are control characters, which no checked value holds.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from apps.signals.selectors.duck import scratch

UNIT: Final = "\x1f"
NULL: Final = "\x1e"


def texts(rows: pa.Table) -> dict[str, pa.Array]:
    """Return every column as text without nulls (NULL stands for one).

    Times are microseconds since 1970, lists and maps are joined, maps in order.
    """
    return {
        name: _text(rows[name].combine_chunks()).fill_null(NULL)
        for name in rows.column_names
    }


def _text(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_string(kind):
        return values
    if pa.types.is_map(kind):
        return _counts(values)
    if pa.types.is_list(kind):
        return pc.binary_join(values.cast(pa.list_(pa.string())), ",")
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.int64())
    return values.cast(pa.string())


def _counts(values: pa.Array) -> pa.Array:
    """Write maps of counts with their keys in order; Arrow has no function for it."""
    database = scratch()
    database.register("maps", pa.table({"value": values}))
    try:
        found = database.sql(
            "SELECT array_to_string(list_sort(list_transform(map_entries(value),"
            " lambda e: e.key || chr(29) || e.value::VARCHAR)), chr(28)) FROM maps"
        ).to_arrow_table()
    finally:
        database.unregister("maps")
    return found[0].combine_chunks()


def joined(columns: Sequence[pa.Array]) -> pa.Array:
    """Return one text a row: the columns with UNIT between them."""
    return pc.binary_join_element_wise(*columns, UNIT)


def moments(times: pa.Array) -> pa.Array:
    """Write UTC times as PostgreSQL reads them."""
    plain = times.cast(pa.timestamp("us")).cast(pa.string())
    return pc.binary_join_element_wise(plain, "+00", "")


def copy_in(table: str, columns: Mapping[str, pa.Array], order: pa.Array) -> None:
    """Append rows by COPY, inside the caller's transaction, in the given order.

    `columns` are texts as `texts` makes them, by the names of the table's columns;
    `order` holds the places of the rows to send.
    """
    if len(order) == 0:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            " (DELIMITER E'\\x1f', NULL E'\\x1e')"
        ) as copy,
    ):
        copy.write(_payload(list(columns.values()), order))


def _payload(columns: list[pa.Array], order: pa.Array) -> bytes:
    """Return the lines as one run of bytes, backslashes doubled as COPY wants them."""
    ended = [*columns[:-1], pc.binary_join_element_wise(columns[-1], "\n", "")]
    lines = joined(ended).take(order)
    length = pc.sum(pc.binary_length(lines)).as_py()
    payload: bytes = lines.buffers()[2].slice(0, length).to_pybytes()
    return payload.replace(b"\\", b"\\\\") if b"\\" in payload else payload
