"""Move complete hours of hot usage to the lake.

The rows of a day are read, written to a file, read back and compared; then one
transaction registers the file and deletes exactly the rows that it holds. Killed before
that commit, nothing has happened but an unnamed file; killed after it, all of it has.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date  # noqa: N812 - `date` is a column here
from typing import Any, Final

from django.db import connection, transaction

from apps.signals.errors import LakeWriteError
from apps.signals.models import LakeFile
from apps.signals.selectors import hot, lake
from apps.signals.selectors.duck import scratch
from apps.signals.services import hot as hot_tables
from apps.signals.services import keys
from apps.signals.services import lake as lake_files

OPEN_FOR: Final = timedelta(hours=1)  # late rows of an hour are waited for so long


def seal_hours(
    *, at: datetime, advance: Callable[[int, int], None] = lambda _done, _all: None
) -> dict[str, int]:
    """Seal every complete hour that ended more than an hour ago; tidy up behind.

    Late rows of a sealed hour are sealed by the next run into a file of their own.
    """
    hot_tables.ensure_days_ahead(at=at)
    until = (at - OPEN_FOR).replace(minute=0, second=0, microsecond=0)
    work = [
        (table, day) for table in lake.TIMES for day in _days_with_rows(table, until)
    ]
    sealed = 0
    for done, (table, day) in enumerate(work, start=1):
        sealed += _seal_day(table, day, until, at)
        advance(done, len(work))
    return {
        "rows": sealed,
        "files": len(work),
        "keys_pruned": keys.prune(at=at),
        "partitions_dropped": hot_tables.drop_empty_days(
            before=(at - keys.KEPT).date()
        ),
        "files_swept": lake_files.sweep(at=at),
        "kept_swept": lake_files.sweep_kept(at=at),
    }


def _days_with_rows(table: str, until: datetime) -> list[Date]:
    name = lake.TIMES[table]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT ({name} AT TIME ZONE 'UTC')::date AS day"
            f" FROM {lake.HOT[table]} WHERE {name} < %s ORDER BY day",
            [until],
        )
        return [day for (day,) in cursor.fetchall()]


def _seal_day(table: str, day: Date, until: datetime, at: datetime) -> int:
    """Move one day's rows before `until`; return how many."""
    start = datetime.combine(day, time(), UTC)
    end = min(start + timedelta(days=1), until)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Late rows may come in between: this transaction must not see them.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        rows = hot.hot_rows(table, since=start, until=end)
        if rows.num_rows == 0:
            return 0
        stored = lake_files.store(_restored(table, rows), table=table, date=day)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [hot.MOVE_LOCK])
            cursor.execute(
                f"DELETE FROM {lake.HOT[table]} WHERE {lake.TIMES[table]} >= %s"
                f" AND {lake.TIMES[table]} < %s",
                [start, end],
            )
            if cursor.rowcount != stored.rows:
                raise LakeWriteError
        lake_files.register(stored, source=LakeFile.Source.SEAL, at=at)
    return stored.rows


def _restored(table: str, rows: Any) -> Any:
    database = scratch()
    database.register("incoming", rows)
    try:
        return database.sql(hot.restore_sql(table, "incoming")).to_arrow_table()
    finally:
        database.unregister("incoming")
