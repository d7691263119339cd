"""Reads: the canonical tables as known at T, one account as known at T, links."""

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection
from psycopg import ClientCursor

from apps.core.sql import among, ask, fetch
from apps.customers.models import Account, AccountVersion
from apps.customers.policy import (
    ACCOUNT_VERSION,
    API_KEY,
    CUSTOMER_VERSION,
    PAYMENT_METHOD,
    Shape,
    row_content,
)
from ml.schema import TABLES, Column

Subject = tuple[str, int, dict[str, object]]

_ARROW: Final = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
}

_OWN: Final = {"account_id": "a.account_id", "created_at": "a.created_at"}
_COLUMNS: Final = ", ".join(
    _OWN.get(column.name, f"v.{column.name}") for column in TABLES["accounts"]
)
_IN_FORCE_SQL: Final = f"""
SELECT {_COLUMNS} FROM customers_account a JOIN LATERAL (
  SELECT * FROM customers_accountversion
  WHERE account_id = a.id AND valid_from <= $2 AND recorded_at <= $2
  ORDER BY valid_from DESC, recorded_at DESC, id DESC LIMIT 1) v ON true
WHERE a.account_id {{}} AND a.created_at <= $2 AND a.recorded_at <= $2"""


def accounts_table(
    as_of: datetime, account_ids: Sequence[str] | None = None
) -> pa.Table:
    """Return `accounts`: one row an account, the version in force at `as_of`.

    An account is there from the moment it was recorded; `recorded_at` is that of the
    version. Sorted by account.
    """
    query = f"""
SELECT {_COLUMNS} FROM (
  SELECT DISTINCT ON (account_id) * FROM customers_accountversion
  WHERE valid_from <= %(t)s AND recorded_at <= %(t)s
    AND (%(ids)s::text[] IS NULL OR account_id IN (
      SELECT id FROM customers_account WHERE account_id = ANY(%(ids)s)))
  ORDER BY account_id, valid_from DESC, recorded_at DESC, id DESC) v
JOIN customers_account a ON a.id = v.account_id
WHERE a.created_at <= %(t)s AND a.recorded_at <= %(t)s
ORDER BY a.account_id"""
    return _table("accounts", query, as_of, account_ids)


def ask_facts_in_force(
    *, account_ids: Sequence[str], as_of: datetime
) -> Callable[[], dict[str, dict[str, Any]]]:
    """Ask for the row of `accounts_table` of each of a few accounts, by its id."""
    condition, ids = among("$1", account_ids)
    asked = ask(_IN_FORCE_SQL.format(condition), ids, as_of)

    def answer() -> dict[str, dict[str, Any]]:
        names = [column.name for column in TABLES["accounts"]]
        found = [dict(zip(names, row, strict=True)) for row in asked()]
        return {row["account_id"]: row for row in found}

    return answer


def values_table(as_of: datetime, account_ids: Sequence[str] | None = None) -> pa.Table:
    """Return `account_values`: a row for each first sight of a value that was known."""
    query = """
SELECT a.account_id, v.kind, v.value, v.seen_at, v.recorded_at
FROM customers_accountvalue v JOIN customers_account a ON a.id = v.account_id
WHERE v.seen_at <= %(t)s AND v.recorded_at <= %(t)s
  AND (%(ids)s::text[] IS NULL OR a.account_id = ANY(%(ids)s))"""
    return _table("account_values", query, as_of, account_ids)


def api_keys_table(
    as_of: datetime, account_ids: Sequence[str] | None = None
) -> pa.Table:
    """Return `api_keys`: the newest known version of each key.

    A revocation after `as_of` is not yet known and reads as null.
    """
    query = """
SELECT DISTINCT ON (a.account_id, k.key_id) a.account_id, k.key_id, k.created_at,
  k.recorded_at, CASE WHEN k.revoked_at <= %(t)s THEN k.revoked_at END, k.environment,
  k.created_net
FROM customers_apikey k JOIN customers_account a ON a.id = k.account_id
WHERE k.created_at <= %(t)s AND k.recorded_at <= %(t)s
  AND (%(ids)s::text[] IS NULL OR a.account_id = ANY(%(ids)s))
ORDER BY a.account_id, k.key_id, k.recorded_at DESC, k.id DESC"""
    return _table("api_keys", query, as_of, account_ids)


def payment_methods_table(
    as_of: datetime, account_ids: Sequence[str] | None = None
) -> pa.Table:
    """Return `payment_methods`: the newest known version of each instrument.

    A card that only a sign-up or an event has named is there without its details.
    """
    query = """
SELECT DISTINCT ON (a.account_id, m.fingerprint) a.account_id, m.fingerprint,
  m.added_at, m.recorded_at, CASE WHEN m.removed_at <= %(t)s THEN m.removed_at END,
  m.type, m.bin, m.funding, m.country
FROM (
  SELECT account_id, fingerprint, added_at, recorded_at, removed_at, type, bin,
    funding, country, 0 AS later, id
  FROM customers_paymentmethod
  UNION ALL
  SELECT account_id, value, seen_at, recorded_at, NULL, NULL, NULL, NULL, NULL, 1, id
  FROM customers_accountvalue WHERE kind = 'card') m
JOIN customers_account a ON a.id = m.account_id
WHERE m.added_at <= %(t)s AND m.recorded_at <= %(t)s
  AND (%(ids)s::text[] IS NULL OR a.account_id = ANY(%(ids)s))
ORDER BY a.account_id, m.fingerprint, m.later, m.recorded_at DESC, m.id DESC"""
    return _table("payment_methods", query, as_of, account_ids)


def _table(
    name: str, query: str, as_of: datetime, account_ids: Sequence[str] | None
) -> pa.Table:
    """Run a query by COPY and parse it in bulk; columns are those of the schema."""
    columns = TABLES[name]
    ids = None if account_ids is None else list(account_ids)
    buffer = io.BytesIO()
    with connection.cursor() as cursor:
        bound = ClientCursor(connection.connection).mogrify(
            query, {"t": as_of, "ids": ids}
        )
        with cursor.copy(f"COPY ({bound}) TO STDOUT (FORMAT csv)") as copy:
            for block in copy:
                buffer.write(block)
    return _parsed(buffer.getvalue(), columns)


def _parsed(text: bytes, columns: Sequence[Column]) -> pa.Table:
    """Parse PostgreSQL's CSV: an unquoted empty field is null, t and f are truths."""
    types = {column.name: _ARROW[column.type] for column in columns}
    if not text:
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return pacsv.read_csv(
        pa.BufferReader(text),
        read_options=pacsv.ReadOptions(column_names=list(types), use_threads=False),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            timestamp_parsers=[pacsv.ISO8601],
        ),
    )


def ids_of(account_ids: Sequence[str]) -> dict[str, int]:
    """Return {account_id: primary key} of those that exist."""
    # one array, not thousands of parameters that the server would have to parse
    return dict(
        fetch(
            "SELECT account_id, id FROM customers_account"
            " WHERE account_id = ANY($1::text[])",
            list(account_ids),
        )
    )


def account_named(account_id: str) -> Account | None:
    return Account.objects.filter(account_id=account_id).first()


def version_in_force(account: Account, as_of: datetime) -> AccountVersion | None:
    """Return the version of an account that counts at `as_of`, as known then."""
    return (
        AccountVersion.objects.filter(
            account=account, valid_from__lte=as_of, recorded_at__lte=as_of
        )
        .order_by("-valid_from", "-recorded_at", "-pk")
        .first()
    )


def values_of(*, account_id: str, as_of: datetime) -> list[tuple[str, str]]:
    """Return the (kind, keyed hash) that an account was known to have at `as_of`."""
    query = """
SELECT DISTINCT v.kind, v.value FROM customers_accountvalue v
JOIN customers_account a ON a.id = v.account_id
WHERE a.account_id = %s AND v.seen_at <= %s AND v.recorded_at <= %s
ORDER BY v.kind, v.value"""
    with connection.cursor() as cursor:
        cursor.execute(query, [account_id, as_of, as_of])
        return list(cursor.fetchall())


def audited_account_versions() -> Iterator[Subject]:
    """Yield (id, version, content) of every account version, for verify_audit."""
    return _audited(ACCOUNT_VERSION)


def audited_customer_versions() -> Iterator[Subject]:
    return _audited(CUSTOMER_VERSION)


def audited_api_keys() -> Iterator[Subject]:
    return _audited(API_KEY)


def audited_payment_methods() -> Iterator[Subject]:
    return _audited(PAYMENT_METHOD)


def _audited(shape: Shape) -> Iterator[Subject]:
    """Read the stored columns again, a page at a time."""
    names = ", ".join(f"v.{name}" for name, _ in shape.columns)
    query = f"""
SELECT v.id, p.{shape.parent.key}, {names}
FROM {shape.table} v JOIN {shape.parent.table} p ON p.id = v.{shape.fk}
WHERE v.id > %s ORDER BY v.id LIMIT 5000"""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [last])
            page = cursor.fetchall()
        for pk, key, *row in page:
            yield str(pk), 1, row_content(shape, key, row)
        if not page:
            return
        last = page[-1][0]
