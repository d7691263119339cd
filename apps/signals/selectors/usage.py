"""Usage of lake and hot tables together, as known at one moment."""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import date as Date  # noqa: N812 - `date` is a column here
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

import ml.schema
from apps.signals.models import LakeFile
from apps.signals.selectors import duck, hot, lake
from apps.signals.selectors.days import Day, settled_days
from ml.schema import TABLES, Column

if TYPE_CHECKING:
    import duckdb

# Beyond this many accounts a join is cheaper than a list that prunes row groups.
_LISTED: Final = 1000
_SQL_TYPES: Final = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "uint32s": "UINTEGER[]",
    "counts": "MAP(VARCHAR, BIGINT)",
}


def open_usage(
    database: "duckdb.DuckDBPyConnection",
    *,
    as_of: datetime,
    account_ids: Sequence[str] | None = None,
    since: datetime | None = None,
    parts: Sequence[int] = (),
) -> "Usage":
    """Create the views `usage` and `usage_window`: rows known at `as_of`.

    The lake is read when a view is; files of dates after `as_of` or before `since` are
    never opened. Hot rows are those of this moment. For each number of days in `parts`
    there is a view of their rows alone, as `usage_30d`, which opens no older file.
    """
    scope = _scope(database, account_ids)
    usage = Usage(database, as_of)
    with hot.no_move():
        for table, time in lake.TIMES.items():
            known = _known(time, as_of) + scope
            files = lake.visible_files(table, as_of)
            if account_ids is None and since is None:
                usage.files[table] = files
            rows = hot.hot_rows(
                table, as_of=as_of, account_ids=account_ids, since=since
            )
            _load_hot(database, table, rows)
            _create_view(database, table, table, files, known, since)
            for days in parts:
                name = f"{table}_{days}d"
                start = _start(as_of, days)
                _create_view(database, name, table, files, known, start)
    return usage


@dataclass(frozen=True, slots=True)
class Usage:
    """The files behind the views of usage; none where only a part was opened."""

    database: "duckdb.DuckDBPyConnection"
    as_of: datetime
    files: dict[str, Sequence[LakeFile]] = field(default_factory=dict)

    def settled_days(self) -> list[Day]:
        return settled_days(self.database, self.files, self.as_of)

    def show_rest(
        self, table: str, name: str, *, kept: Container[Date], days: int | None
    ) -> None:
        """Create a view of the rows of everybody that lie on no day of `kept`.

        With `days`, of the last days alone.
        """
        files = [file for file in self.files[table] if file.date not in kept]
        start = None if days is None else _start(self.as_of, days)
        known = _known(lake.TIMES[table], self.as_of)
        _create_view(self.database, name, table, files, known, start)


def _known(time: str, as_of: datetime) -> str:
    at = lake.moment(as_of)
    return f"{time} <= {at} AND recorded_at <= {at}"


def _start(as_of: datetime, days: int) -> datetime:
    return as_of.astimezone(UTC) - timedelta(days=days)


def _create_view(
    database: "duckdb.DuckDBPyConnection",
    name: str,
    table: str,
    files: Sequence[LakeFile],
    known: str,
    since: datetime | None,
) -> None:
    """Show a table's rows of these files and of the hot table from `since` on."""
    if since is not None:
        # of zoned times, as they are stored: whole row groups are passed over
        known += f" AND {lake.TIMES[table]} >= {lake.moment(since)}"
        files = [file for file in files if file.date >= since.astimezone(UTC).date()]
    columns = ", ".join(shown(column) for column in TABLES[table])
    database.execute(
        f"CREATE VIEW {name} AS SELECT {columns} FROM"
        f" ({lake.rows_sql(table, files)} UNION ALL BY NAME"
        f" SELECT * FROM hot_{table}) WHERE {known}"
    )


def load_day(database: "duckdb.DuckDBPyConnection", day: Day, *, copy: bool) -> None:
    """Show all rows of one day as `usage` and `usage_window`, or a copy in memory."""
    for table, files in day.files.items():
        columns = ", ".join(shown(column) for column in TABLES[table])
        rows = f"SELECT {columns} FROM ({lake.rows_sql(table, files)})"
        if copy:
            database.execute(f"CREATE OR REPLACE TABLE copied_{table} AS {rows}")
            rows = f"SELECT * FROM copied_{table}"
        database.execute(f"CREATE OR REPLACE VIEW {table} AS {rows}")


@cache
def reading_key() -> str:
    """Return 32 hex digits that change with the code that reads rows of days."""
    state = hashlib.sha256()
    for path in (ml.schema.__file__, duck.__file__, lake.__file__, __file__):
        state.update(Path(path).read_bytes())
    return state.hexdigest()[:32]


def shown(column: Column) -> str:
    """Return a canonical column in the type that the engine gives it."""
    name = f'"{column.name}"'
    return f"CAST({name} AS {_SQL_TYPES[column.type]}) AS {name}"


def _load_hot(
    database: "duckdb.DuckDBPyConnection", table: str, rows: pa.Table
) -> None:
    database.register("incoming", rows)
    database.execute(
        f"CREATE TABLE hot_{table} AS {hot.restore_sql(table, 'incoming')}"
    )
    database.unregister("incoming")


def _scope(
    database: "duckdb.DuckDBPyConnection", account_ids: Sequence[str] | None
) -> str:
    """Return the condition that keeps rows of the given accounts."""
    if account_ids is None:
        return ""
    if not account_ids:
        return " AND false"
    if len(account_ids) <= _LISTED:
        listed = ", ".join(lake.literal(account) for account in account_ids)
        return f" AND account_id IN ({listed})"
    database.register("incoming", pa.table({"account_id": list(account_ids)}))
    database.execute("CREATE TABLE scope AS SELECT account_id FROM incoming")
    database.unregister("incoming")
    return " AND account_id IN (SELECT account_id FROM scope)"
