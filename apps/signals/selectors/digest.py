"""A short name for everything that was known at a moment."""

from datetime import datetime
from typing import Final

from django.db import connection

from apps.core import canonical
from apps.signals.models import LakeFile
from apps.signals.selectors import hot, lake
from apps.signals.selectors.duck import connect

# All are append-only: for one moment the number of known rows names the state.
_COUNTED: Final = {
    "customers_customerversion": "valid_from <= %(t)s AND recorded_at <= %(t)s",
    "customers_accountversion": "valid_from <= %(t)s AND recorded_at <= %(t)s",
    "customers_accountvalue": "seen_at <= %(t)s AND recorded_at <= %(t)s",
    "customers_apikey": "created_at <= %(t)s AND recorded_at <= %(t)s",
    "customers_paymentmethod": "added_at <= %(t)s AND recorded_at <= %(t)s",
    "signals_event": "occurred_at <= %(t)s AND recorded_at <= %(t)s",
    "signals_outcome": "known_at <= %(t)s",
    "signals_providerevent": "recorded_at <= %(t)s",
}


def facts_digest(as_of: datetime) -> str:
    """Return a hash that changes exactly when what was known at `as_of` grows.

    Cheap: counts in PostgreSQL, and for usage the registered sums of files; only files
    that hold rows of both sides of `as_of` are opened. Sealing does not change it.
    """
    counts = {table: _count(table, as_of) for table in _COUNTED}
    with hot.no_move():
        usage = {table: _usage_state(table, as_of) for table in lake.TIMES}
    return canonical.digest({"rows": counts, "usage": usage})


def _count(table: str, as_of: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {table} WHERE {_COUNTED[table]}", {"t": as_of}
        )
        return int(cursor.fetchone()[0])


def _usage_state(table: str, as_of: datetime) -> list[str]:
    """Return the number of known rows and the sum of their body hashes."""
    files = lake.visible_files(table, as_of)
    whole = [file for file in files if file.last_known_at <= as_of]
    split = [file for file in files if file.last_known_at > as_of]
    parts = [
        *((file.rows, file.row_sum) for file in whole),
        _hot_state(table, as_of),
        _split_state(table, split, as_of),
    ]
    total = sum(total for _, total in parts) % lake.SUM_MODULUS
    return [str(sum(rows for rows, _ in parts)), str(total)]


def _hot_state(table: str, as_of: datetime) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(body_hash), 0)"
            f" FROM {lake.HOT[table]}"
            f" WHERE {lake.TIMES[table]} <= %s AND recorded_at <= %s",
            [as_of, as_of],
        )
        rows, total = cursor.fetchone()
    return int(rows), int(total)


def _split_state(table: str, files: list[LakeFile], as_of: datetime) -> tuple[int, int]:
    if not files:
        return 0, 0
    at = lake.moment(as_of)
    with connect(memory="512MB", threads=1) as database:
        found = database.execute(
            "SELECT count(*), coalesce(sum(body_hash::HUGEINT), 0)"
            f" FROM {lake.scan_sql(files)}"
            f" WHERE {lake.TIMES[table]} <= {at} AND recorded_at <= {at}"
        ).fetchall()
    rows, total = found[0]
    return int(rows), int(total)
