"""One SQL statement that stores a batch: new parents, versions, shared values, vault.

The same statement serves one sign-up and a thousand rows of a bundle. The few rows of
a request travel as JSON, one text for each part: as an array for each column they
cost the driver more than everything else in the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from apps.core.sql import among, fetch
from apps.customers.policy import ACCOUNT, Columns, Shape, columns_of
from apps.customers.services.csv_rows import csv_of
from apps.customers.services.values import insert_unseen
from apps.customers.services.vault import SubjectKey, open_key

FEW: Final = 50  # rows; up to here one statement with JSON is quicker


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
    sealed: list[tuple[UUID, str, bytes, bytes, datetime]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Written:
    """A parent that the statement reached, and the version it stored for it, if any."""

    key: str
    parent_pk: int
    version_pk: int | None
    digest: bytes | None


_json = msgspec.json.Encoder().encode


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

    Its parameters are the moment of receipt and the chunk; the rows come from temporary
    tables, or (not `staged`) from one JSON array for each part.
    """
    parent = shape.parent
    extra = "".join(f", {name}" for name, _ in parent.extra)
    names = ", ".join(name for name, _ in shape.columns)
    columns = ", ".join(f"g.{name}" for name, _ in shape.columns)
    source = {
        part: f"{stage(shape, part)} AS g" if staged else _records(number, kinds)
        for number, (part, kinds) in enumerate(parts(shape).items(), start=3)
    }
    return f"""
WITH given AS (SELECT * FROM {source["given"]}),
made AS (
  INSERT INTO {parent.table} ({parent.key}, subject, ingested_at{extra})
  SELECT key, subject, $1::timestamptz{extra} FROM given
  ON CONFLICT ({parent.key}) DO NOTHING RETURNING id, {parent.key} AS key, subject),
locked AS (
  INSERT INTO customers_vaultkey (subject, key_version, wrapped)
  SELECT subject, key_version, wrapped FROM given JOIN made USING (key, subject)),
parent AS (
  SELECT id, key FROM made UNION ALL SELECT g.id, g.key FROM {source["known"]}),
version AS (
  INSERT INTO {shape.table} ({shape.fk}, ingested_at, chunk, {names})
  SELECT p.id, $1::timestamptz, $2::uuid, {columns}
  FROM {source["versions"]} JOIN parent p ON p.key = g.parent_key
  ON CONFLICT DO NOTHING RETURNING id, {shape.fk} AS parent_id, digest),
sealed AS (
  INSERT INTO customers_vaultvalue
    (subject, field, nonce, ciphertext, recorded_at, key_version)
  SELECT g.*, 1 FROM {source["sealed"]}
  WHERE NOT EXISTS (SELECT FROM given WHERE given.subject = g.subject)
    OR EXISTS (SELECT FROM made WHERE made.subject = g.subject))
{_values(source["values"]) if parent is ACCOUNT else ""}
SELECT p.key, p.id, v.id, v.digest
FROM parent p LEFT JOIN version v ON v.parent_id = p.id
"""


def _values(source: str) -> str:
    """Return the part of the statement that stores the values accounts can share."""
    stored = insert_unseen("p.id", f"{source} JOIN parent p USING (key)")
    return f", value AS ({stored})"


def stage(shape: Shape, part: str) -> str:
    return f"pg_temp.put_{shape.object_type}_{part}"


def _records(number: int, columns: Columns) -> str:
    typed = ", ".join(f"{name} {kind}" for name, kind in columns)
    return f"json_to_recordset(${number}::json) AS g({typed})"


def rows_of(shape: Shape, batch: Batch) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each part; their columns are those of `parts`."""
    found: dict[str, list[tuple[Any, ...]]] = {
        "given": [
            (name, key.subject, key.key_version, key.wrapped, *extra)
            for name, key, extra in batch.parents
        ],
        "known": [(pk, key) for key, pk in batch.known.items()],
        "versions": [(key, *row) for key, row in batch.versions],
        "sealed": list(batch.sealed),
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
    rows = rows_of(shape, batch)
    if staged:
        with connection.cursor() as cursor:
            _stage(cursor, shape, rows)
    given = [] if staged else _records_of(shape, rows)
    written = fetch(_statement(shape, staged), batch.ingested_at, batch.chunk, *given)
    return [
        Written(key, pk, version, None if digest is None else bytes(digest))
        for key, pk, version, digest in written
    ]


_statement = cache(lambda shape, staged: statement(shape, staged=staged))


def _records_of(shape: Shape, rows: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """Return one JSON array of objects for each part, in the order of `parts`."""
    return [
        _json(
            [
                {
                    name: "\\x" + value.hex() if type(value) is bytes else value
                    for (name, _), value in zip(columns, row, strict=True)
                }
                for row in rows[part]
            ]
        ).decode()
        for part, columns in parts(shape).items()
    ]


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
        if rows[part]:
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
                copy.write(csv_of(parts(shape)[part], rows[part]))


def known_parents(shape: Shape, keys: Sequence[str]) -> dict[str, Known]:
    """Return what is stored of each parent; one round trip."""
    parent = shape.parent
    latest = "valid_from" if ("valid_from", "timestamptz") in shape.columns else "id"
    moment = "valid_from" if latest == "valid_from" else "recorded_at"
    condition, asked = among("$1", keys)
    query = f"""
SELECT p.{parent.key}, p.id, p.subject, k.key_version, k.wrapped, v.digests, v.moment
FROM {parent.table} p LEFT JOIN customers_vaultkey k ON k.subject = p.subject
LEFT JOIN LATERAL (
  SELECT array_agg(digest ORDER BY {latest} DESC, id DESC) AS digests,
    max({moment}) AS moment
  FROM {shape.table} WHERE {shape.fk} = p.id) v ON true
WHERE p.{parent.key} {condition}"""
    found = {}
    for name, pk, subject, version, wrapped, digests, at in fetch(query, asked):
        key = open_key(subject, version, wrapped) if wrapped else None
        all_digests = [bytes(one) for one in digests or ()]
        newest = (at, all_digests[0]) if all_digests else None
        found[name] = Known(pk, key, frozenset(all_digests), newest)
    return found
