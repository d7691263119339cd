"""Which accounts are known, and which have news."""

from datetime import datetime
from typing import Final

import pyarrow as pa
from django.db import connection

from apps.signals.models import LakeFile
from apps.signals.selectors import hot, lake
from apps.signals.selectors.duck import connect, copy_arrow

_INGESTED: Final = (
    "customers_accountversion",
    "customers_apikey",
    "customers_paymentmethod",
    "signals_event",
)


def known_account_ids() -> pa.Array:
    """Return the ids of all accounts, for vectorised membership tests."""
    table = copy_arrow(
        "SELECT account_id FROM customers_account ORDER BY id",
        [],
        {"account_id": pa.string()},
    )
    return table["account_id"].combine_chunks()


def changed_accounts(since: datetime, until: datetime) -> list[str]:
    """Return the ids of accounts with facts that came in (since, until], sorted.

    Outcomes are no news for a score and do not count.
    """
    parts = " UNION ".join(
        f"SELECT account_id FROM {table} WHERE ingested_at > %s AND ingested_at <= %s"
        for table in _INGESTED
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account_id FROM customers_account WHERE id IN ({parts})",
            [since, until] * len(_INGESTED),
        )
        found = {account for (account,) in cursor.fetchall()}
        with hot.no_move():
            for table in lake.HOT.values():
                cursor.execute(
                    f"SELECT DISTINCT account_id FROM {table}"
                    " WHERE recorded_at > %s AND recorded_at <= %s",
                    [since, until],
                )
                found |= {account for (account,) in cursor.fetchall()}
            files = LakeFile.objects.filter(ingested_at__gt=since, retired_at=None)
            listed = list(files.order_by("name"))
    return sorted(found | _in_lake(listed, since, until))


def _in_lake(files: list[LakeFile], since: datetime, until: datetime) -> set[str]:
    """Find accounts: imported rows came with their file, sealed ones when recorded."""
    imported = [
        file
        for file in files
        if file.source == LakeFile.Source.IMPORT and file.ingested_at <= until
    ]
    moved = [file for file in files if file.source != LakeFile.Source.IMPORT]
    queries = []
    if imported:
        queries.append(f"SELECT account_id FROM {lake.scan_sql(imported)}")
    if moved:
        queries.append(
            f"SELECT account_id FROM {lake.scan_sql(moved)} WHERE"
            f" recorded_at > {lake.moment(since)} AND"
            f" recorded_at <= {lake.moment(until)}"
        )
    if not queries:
        return set()
    with connect(memory="512MB", threads=1) as database:
        rows = database.execute(" UNION ".join(queries)).fetchall()
    return {account for (account,) in rows}
