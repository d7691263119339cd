"""Hot rows of usage as Arrow, consistent with the list of lake files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from django.db import connection, transaction

from apps.signals.selectors import lake
from apps.signals.selectors.duck import ARROW_TYPES, copy_arrow
from ml.schema import TABLES, Column

# Readers hold it shared while they read the hot rows and the list of files; a writer
# that moves rows from hot to lake takes it alone for its commit.
MOVE_LOCK: Final = 724_100
_AS_TEXT: Final = frozenset({"uint32s", "counts"})


@contextmanager
def no_move() -> Iterator[None]:
    """Keep rows from moving between hot tables and lake while both are read.

    The block is a transaction or savepoint of its own, so that the lock is given back
    on this connection whatever fails inside.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [MOVE_LOCK])
        try:
            with transaction.atomic():
                yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [MOVE_LOCK])


def hot_rows(
    table: str,
    *,
    as_of: datetime | None = None,
    account_ids: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """Return hot rows of `usage` or `usage_window`; lists and maps are still text.

    `as_of` keeps what was known then; `since` and `until` bound the time of the row,
    the end excluded.
    """
    time = lake.TIMES[table]
    clauses, params = ["true"], list[Any]()
    if as_of is not None:
        clauses.append(f"{time} <= %s AND recorded_at <= %s")
        params += [as_of, as_of]
    if account_ids is not None:
        clauses.append("account_id = ANY(%s)")
        params.append(list(account_ids))
    if since is not None:
        clauses.append(f"{time} >= %s")
        params.append(since)
    if until is not None:
        clauses.append(f"{time} < %s")
        params.append(until)
    columns = ", ".join(_exported(column) for column in TABLES[table])
    query = (
        f"SELECT {columns}, key_hash, body_hash FROM {lake.HOT[table]}"
        f" WHERE {' AND '.join(clauses)}"
    )
    return copy_arrow(query, params, hot_schema(table))


def hot_keys(table: str) -> pa.Table:
    """Return key_hash and body_hash of every hot row."""
    types = {"key_hash": pa.int64(), "body_hash": pa.int64()}
    return copy_arrow(f"SELECT key_hash, body_hash FROM {lake.HOT[table]}", [], types)


def hot_schema(table: str) -> dict[str, pa.DataType]:
    """Return the types of `hot_rows`: lists and maps as text."""
    columns = {
        column.name: pa.string()
        if column.type in _AS_TEXT
        else ARROW_TYPES[column.type]
        for column in TABLES[table]
    }
    return columns | {"key_hash": pa.int64(), "body_hash": pa.int64()}


def restore_sql(table: str, relation: str) -> str:
    """Return a DuckDB SELECT that turns the texts of `hot_rows` back into values."""
    columns = ", ".join(_restored(column) for column in TABLES[table])
    return f"SELECT {columns}, key_hash, body_hash FROM {relation}"


def _exported(column: Column) -> str:
    if column.type == "counts":
        return f"{column.name}::text"
    return column.name


def _restored(column: Column) -> str:
    name = f'"{column.name}"'
    if column.type == "uint32s":
        return f"string_split({name}, ',')::UINTEGER[] AS {name}"
    if column.type == "counts":
        return f"{name}::JSON::MAP(VARCHAR, BIGINT) AS {name}"
    return name
