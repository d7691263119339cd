"""One SQL statement that stores a batch: new parents, versions, shared values, vault.

The same statement serves one sign-up and a thousand rows of a bundle: each column of
the batch travels as one array.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.customers.policy import ACCOUNT, Columns, Shape, columns_of
from apps.customers.services.vault import Sealed, SubjectKey, open_key

FEW: Final = 50  # rows; up to here one statement with arrays is quicker


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
  FROM {values} JOIN parent p USING (key)
  WHERE NOT EXISTS (SELECT FROM customers_accountvalue v WHERE v.account_id = p.id
    AND v.kind = g.kind AND v.value = g.value AND v.seen_at <= g.seen_at)
  GROUP BY p.id, g.kind, g.value
  ON CONFLICT DO NOTHING)"""


def parts(shape: Shape) -> dict[str, Columns]:
    """Return the columns of each part of a batch, in the order of `rows_of`."""
    found = {
        "given": columns_of("key subject:uuid key_version wrapped:bytea")
        + shape.parent.extra,
        "known": columns_of("id:bigint key"),
        "versions": (("parent_key", "text"), *shape.columns),
        "sealed": columns_of(
            "subject:uuid field nonce:bytea ciphertext:bytea recorded_at:timestamptz"
        ),
    }
    if shape.parent is ACCOUNT:
        found["values"] = columns_of(
            "key kind value seen_at:timestamptz recorded_at:timestamptz"
        )
    return found


def statement(shape: Shape, *, staged: bool) -> str:
    """Return the SQL for one shape.

    Its parameters are the moment of receipt (twice) and the chunk; the rows come from
    temporary tables, or (not `staged`) from one array for each column.
    """
    parent = shape.parent
    extra = "".join(f", {name}" for name, _ in parent.extra)
    names = ", ".join(name for name, _ in shape.columns)
    columns = ", ".join(f"g.{name}" for name, _ in shape.columns)
    source = {
        part: f"{stage(shape, part)} AS g" if staged else _arrays(part, kinds)
        for part, kinds in parts(shape).items()
    }
    return f"""
WITH given AS (SELECT * FROM {source["given"]}),
made AS (
  INSERT INTO {parent.table} ({parent.key}, subject, ingested_at{extra})
  SELECT key, subject, %(at)s::timestamptz{extra} FROM given
  ON CONFLICT ({parent.key}) DO NOTHING RETURNING id, {parent.key} AS key, subject),
locked AS (
  INSERT INTO customers_vaultkey (subject, key_version, wrapped)
  SELECT subject, key_version, wrapped FROM given JOIN made USING (key, subject)),
parent AS (
  SELECT id, key FROM made UNION ALL SELECT g.id, g.key FROM {source["known"]}),
version AS (
  INSERT INTO {shape.table} ({shape.fk}, ingested_at, chunk, {names})
  SELECT p.id, %(at)s::timestamptz, %(chunk)s::uuid, {columns}
  FROM {source["versions"]} JOIN parent p ON p.key = g.parent_key
  ON CONFLICT DO NOTHING RETURNING id, {shape.fk} AS parent_id, digest),
sealed AS (
  INSERT INTO customers_vaultvalue
    (subject, field, nonce, ciphertext, recorded_at, key_version)
  SELECT g.*, 1 FROM {source["sealed"]}
  WHERE NOT EXISTS (SELECT FROM given WHERE given.subject = g.subject)
    OR EXISTS (SELECT FROM made WHERE made.subject = g.subject))
{_VALUES.format(values=source["values"]) if parent is ACCOUNT else ""}
SELECT p.key, p.id, v.id, v.digest
FROM parent p LEFT JOIN version v ON v.parent_id = p.id
"""


def stage(shape: Shape, part: str) -> str:
    return f"pg_temp.put_{shape.object_type}_{part}"


def _arrays(part: str, columns: Columns) -> str:
    arrays = ", ".join(f"%({part}_{name})s::{kind}[]" for name, kind in columns)
    return f"unnest({arrays}) AS g({', '.join(name for name, _ in columns)})"


def rows_of(shape: Shape, batch: Batch) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each part; their columns are those of `parts`."""
    found: dict[str, list[tuple[Any, ...]]] = {
        "given": [
            (name, key.subject, key.key_version, key.wrapped, *extra)
            for name, key, extra in batch.parents
        ],
        "known": [(pk, key) for key, pk in batch.known.items()],
        "versions": [(key, *row) for key, row in batch.versions],
        "sealed": [
            (one.subject, one.field, one.nonce, one.ciphertext, at)
            for one, at in batch.sealed
        ],
    }
    if shape.parent is ACCOUNT:
        found["values"] = list(batch.values)
    return found


def write(shape: Shape, batch: Batch) -> list[Written]:
    """Store a batch; parents that another transaction just made are left out.

    A single row takes one round trip. Many rows are staged by COPY first, which costs
    a few more round trips and a third of the time a row.
    """
    staged = len(batch.versions) > FEW
    given: dict[str, Any] = {"at": batch.ingested_at, "chunk": batch.chunk}
    rows = rows_of(shape, batch)
    with connection.cursor() as cursor:
        if staged:
            _stage(cursor, shape, rows)
        else:
            given |= _array_parameters(shape, rows)
        cursor.execute(statement(shape, staged=staged), given)
        return [
            Written(key, pk, version, None if digest is None else bytes(digest))
            for key, pk, version, digest in cursor.fetchall()
        ]


def _array_parameters(
    shape: Shape, rows: dict[str, list[tuple[Any, ...]]]
) -> dict[str, list[Any]]:
    return {
        f"{part}_{name}": [row[at] for row in rows[part]]
        for part, columns in parts(shape).items()
        for at, (name, _) in enumerate(columns)
    }


def _stage(cursor: Any, shape: Shape, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Fill the temporary tables of a shape, making them once a session."""
    tables = {part: stage(shape, part) for part in parts(shape)}
    made = "; ".join(
        f"CREATE TEMP TABLE IF NOT EXISTS {table.removeprefix('pg_temp.')}"
        f" ({', '.join(f'{name} {kind}' for name, kind in parts(shape)[part])})"
        for part, table in tables.items()
    )
    cursor.execute(
        f"SET LOCAL client_min_messages = warning; {made};"
        f" TRUNCATE {', '.join(tables.values())}"
    )
    for part, table in tables.items():
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows[part]:
                copy.write_row(row)


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
