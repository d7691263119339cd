"""The engine of bulk computation: every canonical table, as known at one moment."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
from django.db import connection

from apps.core.ahead import ahead
from apps.customers import selectors as customers
from apps.signals.selectors.derived import add_derived
from apps.signals.selectors.duck import connect
from apps.signals.selectors.facts import events_table, outcomes_table, provider_table
from apps.signals.selectors.usage import Usage, open_usage, shown
from ml.schema import TABLES

if TYPE_CHECKING:
    import duckdb


class Engine:
    """Tables of `ml.schema.TABLES` filtered to what was known at `as_of`.

    `backend` is an Ibis backend. Times are TIMESTAMP without a zone, in UTC: they
    compare with aware datetimes and cost a tenth of zoned ones. Use it as a context
    manager; it holds memory and no lock.
    """

    def __init__(self, database: "duckdb.DuckDBPyConnection", usage: Usage) -> None:
        import ibis  # 0.5 s that only bulk work pays

        self.as_of = usage.as_of
        self.usage = usage
        self.offered = False  # sums of whole days, by ml.features
        self.database = database
        self.backend: Any = ibis.duckdb.from_connection(database)

    def table(self, name: str) -> Any:
        """Return a canonical table as an Ibis expression."""
        return self.backend.table(name)

    def arrow(self, sql: str) -> pa.Table:
        """Run DuckDB SQL over the canonical tables."""
        return self.database.sql(sql).to_arrow_table()

    def close(self) -> None:
        self.backend.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()


# Days back that most questions about usage look: ml.features asks for such parts.
_PARTS: Final = (7, 30)
# The largest first: others are read beside them.
_SMALL: Final[dict[str, Callable[..., pa.Table]]] = {
    "account_values": customers.values_table,
    "events": events_table,
    "accounts": customers.accounts_table,
    "payment_methods": customers.payment_methods_table,
    "api_keys": customers.api_keys_table,
    "outcomes": outcomes_table,
}
_READERS: Final = 2


def open_engine(*, as_of: datetime, account_ids: Sequence[str] | None = None) -> Engine:
    """Open all canonical tables as known at `as_of`, optionally of some accounts.

    Usage is read lazily from the lake (dates after `as_of` are never opened) together
    with the hot rows of this moment; everything else is loaded.
    """
    database = connect()
    for name, rows in _read_small(as_of, account_ids):
        _load(database, name, rows)
    _load(database, "provider", provider_table(as_of=as_of))
    add_derived(database)
    usage = open_usage(database, as_of=as_of, account_ids=account_ids, parts=_PARTS)
    return Engine(database, usage)


def _read_small(
    as_of: datetime, account_ids: Sequence[str] | None
) -> Iterator[tuple[str, pa.Table]]:
    """Yield the tables that PostgreSQL holds, the next read while one is loaded.

    PostgreSQL writes text in processes of its own, and Arrow reads it outside of
    Python. Inside of a transaction, which other connections could not see, one after
    the other.
    """

    def read(name: str) -> tuple[str, pa.Table]:
        return name, _SMALL[name](as_of=as_of, account_ids=account_ids)

    def read_beside(name: str) -> tuple[str, pa.Table]:
        try:
            return read(name)
        finally:
            connection.close()  # the thread's own

    if connection.in_atomic_block or account_ids is not None:
        yield from map(read, _SMALL)
    else:
        yield from ahead(read_beside, _SMALL, threads=_READERS)


def _load(database: "duckdb.DuckDBPyConnection", name: str, rows: pa.Table) -> None:
    database.register("incoming", rows)
    columns = ", ".join(shown(column) for column in TABLES[name])
    database.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM incoming")
    database.unregister("incoming")
