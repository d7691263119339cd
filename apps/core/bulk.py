"""Write finished rows of append-only tables: one by INSERT, many by COPY.

Django's bulk_create adapts every element of every array in Python; these rows carry a
hundred floats each, and the driver adapts them in C.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from django.db import connection, models
from psycopg.types.json import Jsonb

from apps.core.sql import execute, fetch

_encode = msgspec.json.Encoder(order="deterministic").encode


def write_rows(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model in the caller's transaction.

    Values are taken as they are: no defaults, signals or validation beyond the
    database's own. The primary key must be set, unless the database makes it.
    """
    if not rows:
        return
    plan = _plan(type(rows[0]), rows[0].pk is not None)
    if len(rows) == 1:
        execute(plan.insert, *map(_literal, plan.line(rows[0])))
        return
    with connection.cursor() as cursor, cursor.copy(plan.copy) as to:
        for row in rows:
            to.write_row(plan.line(row))


def write_new(rows: Sequence[models.Model]) -> set[Any]:
    """Insert unsaved rows of one model; return the primary keys of those that are new.

    A row that a unique constraint refuses is left out: another transaction's row, for
    which this waits where need be, came first. Values travel as one JSON parameter,
    so that any number of rows is one statement; the primary key must be set.
    """
    if not rows:
        return set()
    plan = _plan(type(rows[0]), True)
    fields = [field for field, _ in plan.readers]
    lines = [
        {
            name: getattr(row, field)
            for name, field in zip(plan.columns, fields, strict=True)
        }
        for row in rows
    ]
    return {key for (key,) in fetch(plan.insert_new, _encode(lines).decode())}


@dataclass(frozen=True, slots=True)
class _Plan:
    """How rows of one model travel: statements, and what turns a row into a line."""

    insert: str
    insert_new: str
    copy: str
    columns: tuple[str, ...]
    readers: tuple[tuple[str, bool], ...]

    def line(self, row: models.Model) -> list[Any]:
        values = [(getattr(row, name), is_json) for name, is_json in self.readers]
        return [_json(value) if is_json else value for value, is_json in values]


@cache
def _plan(model: type[models.Model], keyed: bool) -> _Plan:
    quote = connection.ops.quote_name
    fields = [
        field for field in model._meta.concrete_fields if keyed or not field.primary_key
    ]
    names = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(f"${at}" for at in range(1, len(fields) + 1))
    table = quote(model._meta.db_table)
    key = quote(str(model._meta.pk.column))
    return _Plan(
        insert=f"INSERT INTO {table} ({names}) VALUES ({marks})",
        insert_new=(
            f"INSERT INTO {table} ({names}) SELECT {names}"
            f" FROM json_populate_recordset(NULL::{table}, $1::json)"
            f" ON CONFLICT DO NOTHING RETURNING {key}"
        ),
        columns=tuple(str(field.column) for field in fields),
        copy=f"COPY {table} ({names}) FROM STDIN",
        readers=tuple(
            (field.attname, isinstance(field, models.JSONField)) for field in fields
        ),
    )


def _literal(value: Any) -> Any:
    """Write a row of floats as PostgreSQL reads it: the driver would look at each."""
    if type(value) is list and value and set(map(type, value)) == {float}:
        return "{" + ",".join(map(repr, value)) + "}"
    return value


def _json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value, dumps=_encode)
