"""One SQL statement that stores a batch: new parents, versions, shared values, vault.

The same statement serves one sign-up and a thousand rows of a bundle: each column of
the batch travels as one array.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.customers.services.vault import Sealed, SubjectKey, open_key

Columns = tuple[tuple[str, str], ...]  # (name, SQL type)


def _columns(spec: str) -> Columns:
    pairs = (word.partition(":") for word in spec.split())
    return tuple((name, kind or "text") for name, _, kind in pairs)


@dataclass(frozen=True, slots=True)
class Parent:
    """A table of subjects: what versions hang on."""

    table: str
    key: str
    extra: Columns


@dataclass(frozen=True, slots=True)
class Shape:
    """A table of versions, and how its rows are named in the audit log."""

    table: str
    parent: Parent
    fk: str
    columns: Columns
    object_type: str
    audit_kind: str


ACCOUNT: Final = Parent(
    "customers_account",
    "account_id",
    _columns("created_at:timestamptz recorded_at:timestamptz"),
)
CUSTOMER: Final = Parent("customers_customer", "customer_id", ())
_STAMPS: Final = _columns("recorded_at:timestamptz digest:bytea")
ACCOUNT_VERSION: Final = Shape(
    "customers_accountversion",
    ACCOUNT,
    "account_id",
    _columns("valid_from:timestamptz")
    + _STAMPS
    + _columns(
        """history kind plan channel email_class email_pattern email_verified:boolean
        phone_verified:boolean phone_country declared_country declared_use_case
        org_domain_matches:boolean registration_given:boolean signup_ip_class
        signup_asn:bigint signup_ip_country signup_client signup_timezone
        signup_form_ms:bigint payment_type payment_funding payment_country payment_bin
        payer_matches:boolean contract:boolean permitted_scope customer_id
        parent_account_id"""
    ),
    "account_version",
    "customers.account.recorded",
)
CUSTOMER_VERSION: Final = Shape(
    "customers_customerversion",
    CUSTOMER,
    "customer_id",
    _columns("valid_from:timestamptz")
    + _STAMPS
    + _columns(
        """kind country verified_level:smallint beneficial_owners:integer
        registration"""
    ),
    "customer_version",
    "customers.customer.recorded",
)
API_KEY: Final = Shape(
    "customers_apikey",
    ACCOUNT,
    "account_id",
    _STAMPS
    + _columns(
        """key_id created_at:timestamptz revoked_at:timestamptz name scopes environment
        created_net"""
    ),
    "api_key",
    "customers.api_key.recorded",
)
PAYMENT_METHOD: Final = Shape(
    "customers_paymentmethod",
    ACCOUNT,
    "account_id",
    _STAMPS
    + _columns(
        """fingerprint added_at:timestamptz removed_at:timestamptz type bin funding
        country"""
    ),
    "payment_method",
    "customers.payment_method.recorded",
)
SHAPES: Final = (ACCOUNT_VERSION, CUSTOMER_VERSION, API_KEY, PAYMENT_METHOD)


@dataclass(frozen=True, slots=True)
class Known:
    """A parent that is stored: its row, its subject's key, and its versions."""

    pk: int
    key: SubjectKey | None  # None: erased
    digests: frozenset[bytes] = frozenset()
    latest: tuple[datetime, bytes] | None = None


@dataclass(slots=True)
class Batch:
    """Columns of one statement; `key` names the parent."""

    ingested_at: datetime
    chunk: UUID | None
    parents: list[tuple[str, SubjectKey, tuple[Any, ...]]] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    versions: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    values: list[tuple[str, str, str, datetime, datetime]] = field(default_factory=list)
    sealed: list[tuple[Sealed, datetime]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Written:
    """A parent that the statement reached, and the version it stored for it, if any."""

    key: str
    parent_pk: int
    version_pk: int | None
    digest: bytes | None


_VALUES = """,
value AS (
  INSERT INTO customers_accountvalue (account_id, kind, value, seen_at, recorded_at)
  SELECT p.id, g.kind, g.value, min(g.seen_at), min(g.recorded_at)
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    AS g(key, kind, value, seen_at, recorded_at)
  JOIN parent p USING (key)
  WHERE NOT EXISTS (SELECT FROM customers_accountvalue v WHERE v.account_id = p.id
    AND v.kind = g.kind AND v.value = g.value AND v.seen_at <= g.seen_at)
  GROUP BY p.id, g.kind, g.value
  ON CONFLICT DO NOTHING)"""


def statement(shape: Shape) -> str:
    """Return the SQL for one shape; its parameters come from `parameters`."""
    parent = shape.parent
    extra = "".join(f", {name}" for name, _ in parent.extra)
    arrays = "".join(f", %s::{kind}[]" for _, kind in parent.extra)
    names = ", ".join(name for name, _ in shape.columns)
    columns = ", ".join(f"g.{name}" for name, _ in shape.columns)
    types = ", ".join(f"%s::{kind}[]" for _, kind in shape.columns)
    return f"""
WITH given AS (
  SELECT * FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::bytea[]{arrays})
    AS g(key, subject, key_version, wrapped{extra})),
made AS (
  INSERT INTO {parent.table} ({parent.key}, subject, ingested_at{extra})
  SELECT key, subject, %s::timestamptz{extra} FROM given
  ON CONFLICT ({parent.key}) DO NOTHING RETURNING id, {parent.key} AS key, subject),
locked AS (
  INSERT INTO customers_vaultkey (subject, key_version, wrapped)
  SELECT subject, key_version, wrapped FROM given JOIN made USING (key, subject)),
parent AS (
  SELECT id, key FROM made
  UNION ALL SELECT * FROM unnest(%s::bigint[], %s::text[]) AS k(id, key)),
version AS (
  INSERT INTO {shape.table} ({shape.fk}, ingested_at, chunk, {names})
  SELECT p.id, %s::timestamptz, %s::uuid, {columns}
  FROM unnest(%s::text[], {types}) AS g(parent_key, {names})
  JOIN parent p ON p.key = g.parent_key
  ON CONFLICT DO NOTHING RETURNING id, {shape.fk} AS parent_id, digest),
sealed AS (
  INSERT INTO customers_vaultvalue
    (subject, field, nonce, ciphertext, recorded_at, key_version)
  SELECT g.*, 1 FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::bytea[],
    %s::timestamptz[]) AS g(subject, field, nonce, ciphertext, recorded_at)
  WHERE NOT EXISTS (SELECT FROM given WHERE given.subject = g.subject)
    OR EXISTS (SELECT FROM made WHERE made.subject = g.subject))
{_VALUES if parent is ACCOUNT else ""}
SELECT p.key, p.id, v.id, v.digest
FROM parent p LEFT JOIN version v ON v.parent_id = p.id
"""


def parameters(shape: Shape, batch: Batch) -> list[Any]:
    """Return the arrays of a batch in the order of `statement`."""
    keys = [key for _, key, _ in batch.parents]
    found: list[Any] = [
        [name for name, _, _ in batch.parents],
        [key.subject for key in keys],
        [key.key_version for key in keys],
        [key.wrapped for key in keys],
        *_turned((extra for _, _, extra in batch.parents), len(shape.parent.extra)),
        batch.ingested_at,
        list(batch.known.values()),
        list(batch.known),
        batch.ingested_at,
        batch.chunk,
        [key for key, _ in batch.versions],
        *_turned((row for _, row in batch.versions), len(shape.columns)),
        [one.subject for one, _ in batch.sealed],
        [one.field for one, _ in batch.sealed],
        [one.nonce for one, _ in batch.sealed],
        [one.ciphertext for one, _ in batch.sealed],
        [at for _, at in batch.sealed],
    ]
    if shape.parent is ACCOUNT:
        found += _turned(batch.values, 5)
    return found


def _turned(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Return columns of rows; `width` empty ones where there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] or [
        [] for _ in range(width)
    ]


def write(shape: Shape, batch: Batch) -> list[Written]:
    """Run the statement; parents that another transaction just made are left out."""
    with connection.cursor() as cursor:
        cursor.execute(statement(shape), parameters(shape, batch))
        return [
            Written(key, pk, version, None if digest is None else bytes(digest))
            for key, pk, version, digest in cursor.fetchall()
        ]


def known_parents(shape: Shape, keys: Sequence[str]) -> dict[str, Known]:
    """Return what is stored of each parent; one round trip."""
    parent = shape.parent
    latest = "valid_from" if ("valid_from", "timestamptz") in shape.columns else "id"
    moment = "valid_from" if latest == "valid_from" else "recorded_at"
    query = f"""
SELECT p.{parent.key}, p.id, p.subject, k.key_version, k.wrapped, v.digests, v.moment
FROM {parent.table} p LEFT JOIN customers_vaultkey k ON k.subject = p.subject
LEFT JOIN LATERAL (
  SELECT array_agg(digest ORDER BY {latest} DESC, id DESC) AS digests,
    max({moment}) AS moment
  FROM {shape.table} WHERE {shape.fk} = p.id) v ON true
WHERE p.{parent.key} = ANY(%s)"""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(query, [list(keys)])
        for name, pk, subject, version, wrapped, digests, at in cursor.fetchall():
            key = open_key(subject, version, wrapped) if wrapped else None
            all_digests = [bytes(one) for one in digests or ()]
            newest = (at, all_digests[0]) if all_digests else None
            found[name] = Known(pk, key, frozenset(all_digests), newest)
    return found


def row_content(shape: Shape, key: str, row: Sequence[Any]) -> dict[str, object]:
    """Return what the audit log repeats of a version: a hash of its stored columns."""
    text = json.dumps([_plain(value) for value in row])
    return {shape.parent.key: key, "columns": hashlib.sha256(text.encode()).hexdigest()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return bytes(value).hex() if isinstance(value, (bytes, memoryview)) else value
