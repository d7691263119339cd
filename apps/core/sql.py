"""Statements of the request path: sent as they are, and together where they can be.

Django's cursor rewrites `%s` into `$1` on every call, and for a wide statement that
costs more than PostgreSQL needs to run it. A round trip costs more still, so a request
queues its writes and lets them travel with its next read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg import RawCursor


def fetch(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement with `$1`, `$2` ... on Django's connection; return its rows.

    Belongs to the caller's transaction and raises django.db's errors. psycopg prepares
    a statement after some uses: keep its text constant and the types of its values
    alike.
    """
    with connection.wrap_database_errors:
        return _sent(statement, values).fetchall()


def execute(statement: str, *values: Any) -> None:
    """Run one statement that returns nothing; while `pipelined` it is only queued."""
    with connection.wrap_database_errors:
        _sent(statement, values)


@contextmanager
def pipelined() -> Iterator[None]:
    """Let statements wait for the next `fetch`, or the end, and travel together.

    An error of a queued statement is raised there. Inside, COPY is impossible and the
    count of rows that an UPDATE of the ORM changed is unknown.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def _sent(statement: str, values: tuple[Any, ...]) -> "RawCursor[tuple[Any, ...]]":
    # `connection` is a proxy that finds this thread's connection at every attribute.
    mine = connections[DEFAULT_DB_ALIAS]
    mine.ensure_connection()
    if mine.queries_logged:
        mine.queries_log.append({"sql": statement, "time": "0.000"})
    return RawCursor(mine.connection).execute(statement, values)
