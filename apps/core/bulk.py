"""Write finished rows of append-only tables: one by INSERT, many by COPY.

Django's bulk_create adapts every element of every array in Python; these rows carry a
hundred floats each, and the driver adapts them in C.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import connection, models
from psycopg import sql
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    Field = models.Field[Any, Any]

_encode = msgspec.json.Encoder(order="deterministic").encode


def write_rows(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model in the caller's transaction.

    Values are taken as they are: no defaults, signals or validation beyond the
    database's own. The primary key must be set, unless the database makes it.
    """
    if not rows:
        return
    fields = _fields(rows[0])
    names = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    table = sql.Identifier(rows[0]._meta.db_table)
    lines = _lines(rows, fields)
    with connection.cursor() as cursor:
        if len(rows) == 1:
            marks = sql.SQL(", ").join([sql.Placeholder()] * len(fields))
            text = sql.SQL("INSERT INTO {} ({}) VALUES ({})")
            cursor.execute(text.format(table, names, marks), next(iter(lines)))
            return
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as to:
            for line in lines:
                to.write_row(line)


def _fields(row: models.Model) -> "list[Field]":
    fields = row._meta.concrete_fields
    return [field for field in fields if not (field.primary_key and row.pk is None)]


def _lines(
    rows: Iterable[models.Model], fields: "Sequence[Field]"
) -> Iterable[list[Any]]:
    readers = [(field.attname, _adapter(field)) for field in fields]
    for row in rows:
        yield [adapt(getattr(row, name)) for name, adapt in readers]


def _adapter(field: "Field") -> Callable[[Any], Any]:
    if isinstance(field, models.JSONField):
        return lambda value: None if value is None else Jsonb(value, dumps=_encode)
    return lambda value: value
