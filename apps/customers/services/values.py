"""Values that accounts share, found in events."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection


def insert_unseen(account: str, source: str) -> str:
    """Return the SQL that keeps the first sight of each value that rows `g` bring.

    `account` is the key of the row's account in `source`, a FROM clause with `g`.
    What an account already had by then is looked up row by row from
    `one_value_per_account`, which costs the same however many accounts there are. Left
    to itself the planner would hash the whole table for a thousand rows (OFFSET
    forbids that), or go by `value_lookup` through all the accounts that have a common
    value: half of everybody, for a browser (BETWEEN makes that look dear).
    """
    return f"""
INSERT INTO customers_accountvalue (account_id, kind, value, seen_at, recorded_at)
SELECT {account}, g.kind, g.value, min(g.seen_at), min(g.recorded_at)
FROM {source}
WHERE NOT EXISTS (SELECT FROM customers_accountvalue v
  WHERE v.account_id = {account} AND v.kind = g.kind
    AND v.value BETWEEN g.value AND g.value AND v.seen_at <= g.seen_at OFFSET 0)
GROUP BY {account}, g.kind, g.value
ON CONFLICT DO NOTHING"""


_PUT_VALUES: Final = insert_unseen(
    "a.id",
    """unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
  AS g(account_id, kind, value, seen_at, recorded_at)
JOIN customers_account a USING (account_id)""",
)


def put_values(*, rows: Iterable[tuple[str, str, str, datetime, datetime]]) -> int:
    """Store shared values found in events; return how many were new.

    A row is (account_id, kind, keyed hash, seen_at, recorded_at). Only the first
    moment an account was seen with a value is kept; unknown accounts are passed over.
    """
    columns = [list(column) for column in zip(*rows, strict=True)]
    if not columns:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_PUT_VALUES, columns)
        return cursor.rowcount
