"""Statements of the request path: sent as they are, and together where they can be.

Django's cursor rewrites `%s` into `$1` on every call, and for a wide statement that
costs more than PostgreSQL needs to run it. A round trip costs more still, and each
statement a good part of one: so a request keeps its writes, and those that wait become
one statement that travels with its next read.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg import RawCursor

_Statement = tuple[str, tuple[Any, ...]]


@dataclass(slots=True)
class _Waiting:
    """A request's pipeline, and its writes for the next statement and for the last."""

    pipe: ExitStack
    depth: int  # savepoints around it
    next: list[_Statement] = field(default_factory=list)
    last: list[_Statement] = field(default_factory=list)


# None outside of `pipelined`.
_waiting: ContextVar[_Waiting | None] = ContextVar("waiting", default=None)
_PLACE = re.compile(r"\$(\d+)")


def fetch(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement with `$1`, `$2` ... on Django's connection; return its rows.

    Belongs to the caller's transaction and raises django.db's errors. psycopg prepares
    a statement after some uses: keep its text constant and the types of its values
    alike.
    """
    return ask(statement, *values)()


def ask(statement: str, *values: Any) -> Callable[[], list[tuple[Any, ...]]]:
    """Send one statement as `fetch` does; return what gives its rows when called.

    Questions that do not hang on each other's answers travel together if all are asked
    before the first answer is taken.
    """
    _send_waiting()
    cursor = _sent(statement, values)

    def answer() -> list[tuple[Any, ...]]:
        with connection.wrap_database_errors:
            return cursor.fetchall()

    return answer


def execute(statement: str, *values: Any, unread: bool = False) -> None:
    """Run one INSERT or UPDATE that returns nothing; while `pipelined` it waits.

    Those that wait together become one statement and do not see each other's rows: an
    UPDATE is for rows that an earlier `fetch` has read or written. What is `unread`
    by the rest of the transaction waits until its end, unless a savepoint could take
    back what it belongs to.
    """
    waiting = _waiting.get()
    if waiting is not None:
        late = unread and _savepoints() == waiting.depth
        (waiting.last if late else waiting.next).append((statement, values))
    else:
        _sent(statement, values)


def among(place: str, values: Sequence[str]) -> tuple[str, str | list[str]]:
    """Return a condition on a text column for `values`, and the parameter for `place`.

    For one value it is an equation: with an array PostgreSQL never believes that a
    plan made once is as good as one made for this array, and plans at every call.
    """
    if len(values) == 1:
        return f"= {place}::text", values[0]
    return f"= ANY({place}::text[])", list(values)


@contextmanager
def pipelined() -> Iterator[None]:
    """Let statements wait for the next `fetch`, or the end, and travel together.

    An error of a queued statement is raised there. Inside, the count of rows that an
    UPDATE of the ORM changed is unknown, and COPY needs `unpiped`. Not to be nested.
    """
    if _waiting.get() is not None:
        raise RuntimeError("this request is pipelined already")
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        ExitStack() as pipe,
        connection.execute_wrapper(_after_waiting),
    ):
        pipe.enter_context(connection.connection.pipeline())
        waiting = _Waiting(pipe, _savepoints())
        token = _waiting.set(waiting)
        try:
            yield
            waiting.next += waiting.last
            _send_waiting()
        finally:
            _waiting.reset(token)


@contextmanager
def unpiped() -> Iterator[None]:
    """Leave the pipeline for a while, if there is one: COPY cannot be queued."""
    waiting = _waiting.get()
    if waiting is None:
        yield
        return
    _send_waiting()
    with connection.wrap_database_errors:
        waiting.pipe.close()
    try:
        yield
    finally:
        waiting.pipe.enter_context(connection.connection.pipeline())


def _savepoints() -> int:
    return sum(name is not None for name in connection.savepoint_ids)


def _after_waiting(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
) -> Any:
    """Keep the order of statements where the ORM comes between (execute_wrapper)."""
    _send_waiting()
    return execute(sql, params, many, context)


def _send_waiting() -> None:
    """Send the writes that wait, as one statement."""
    waiting = _waiting.get()
    if waiting is None or not waiting.next:
        return
    statement = _together(tuple(one for one, _ in waiting.next))
    values = tuple(value for _, given in waiting.next for value in given)
    waiting.next.clear()
    _sent(statement, values)


@lru_cache(maxsize=256)
def _together(statements: tuple[str, ...]) -> str:
    """Make one statement of several, their parameters numbered through."""
    parts: list[str] = []
    given = 0
    for statement in statements:
        # split by the places: texts between them, and their numbers at odd positions
        words = _PLACE.split(statement)
        numbers = [int(number) for number in words[1::2]]
        words[1::2] = [f"${number + given}" for number in numbers]
        parts.append("".join(words))
        given += max(numbers, default=0)
    *first, last = parts
    named = ",\n".join(f"part{at} AS ({part})" for at, part in enumerate(first))
    return f"WITH {named}\n{last}" if first else last


def _sent(statement: str, values: tuple[Any, ...]) -> "RawCursor[tuple[Any, ...]]":
    # `connection` is a proxy that finds this thread's connection at every attribute.
    mine = connections[DEFAULT_DB_ALIAS]
    mine.ensure_connection()
    if mine.queries_logged:
        mine.queries_log.append({"sql": statement, "time": "0.000"})
    with mine.wrap_database_errors:
        return RawCursor(mine.connection).execute(statement, values)
