"""Statements of the request path: what waits, what travels together, in which order."""

import contextlib

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.sql import among, execute, fetch, pipelined, unpiped
from tests.databases import Database

pytestmark = pytest.mark.usefixtures("kept")

_PUT = "INSERT INTO kept (name, size) VALUES ($1::text, $2::int)"
_RAISE = "UPDATE kept SET size = size + $2::int WHERE name = $1::text"
_ALL = "SELECT name, size FROM kept ORDER BY name"


@pytest.fixture
def kept(fresh_database: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kept (name text PRIMARY KEY, size int)")


def put(*rows: tuple[str, int], read_after: int) -> None:
    """Write rows in one transaction, with a read in between."""
    with transaction.atomic(), pipelined():
        for at, row in enumerate(rows):
            execute(_PUT, *row)
            if at == read_after:
                fetch(_ALL)


def test_writes_wait_and_travel_as_one_statement_with_the_next_read() -> None:
    with CaptureQueriesContext(connection) as seen, transaction.atomic(), pipelined():
        execute(_PUT, "a", 1)
        execute(_PUT, "b", 2)
        execute(_PUT, "c", 3)
        assert fetch(_ALL) == [("a", 1), ("b", 2), ("c", 3)]
    texts = [one["sql"] for one in seen if "kept" in one["sql"]]
    assert len(texts) == 2
    assert "$6" in texts[0]


def test_writes_that_nothing_reads_go_at_the_end() -> None:
    with transaction.atomic(), pipelined():
        execute(_PUT, "a", 1)
    with transaction.atomic(), pipelined():
        execute(_RAISE, "a", 5)
        execute(_PUT, "b", 2)
    assert fetch(_ALL) == [("a", 6), ("b", 2)]


def test_outside_of_a_pipeline_a_write_goes_at_once() -> None:
    with CaptureQueriesContext(connection) as seen:
        execute(_PUT, "a", 1)
    assert len(seen) == 1
    assert fetch(_ALL) == [("a", 1)]


def test_statements_of_the_orm_come_after_what_waits() -> None:
    with transaction.atomic(), pipelined():
        execute(_PUT, "a", 1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE kept SET size = 7")
        execute(_PUT, "b", 2)
    assert fetch(_ALL) == [("a", 7), ("b", 2)]


def test_an_error_of_a_waiting_write_leaves_nothing_behind() -> None:
    with pytest.raises(IntegrityError):
        put(("a", 1), ("b", 2), ("a", 3), read_after=0)
    assert fetch(_ALL) == []
    with pytest.raises(DataError):
        put(("c", 2**40), read_after=0)
    execute(_PUT, "d", 4)
    assert fetch(_ALL) == [("d", 4)]


def test_what_nobody_reads_goes_last_and_falls_with_its_savepoint() -> None:
    with transaction.atomic(), pipelined():
        execute(_PUT, "log", 0, unread=True)
        execute(_PUT, "a", 1)
        assert fetch(_ALL) == [("a", 1)]
    assert fetch(_ALL) == [("a", 1), ("log", 0)]
    with transaction.atomic(), pipelined():
        fail_inside()
        execute(_PUT, "b", 2)
    assert fetch(_ALL) == [("a", 1), ("b", 2), ("log", 0)]


def fail_inside() -> None:
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        execute(_PUT, "taken back", 1, unread=True)
        raise ZeroDivisionError


def test_copy_works_where_the_pipeline_is_left() -> None:
    with transaction.atomic(), pipelined():
        execute(_PUT, "a", 1)
        with unpiped(), connection.cursor() as cursor:
            with cursor.copy("COPY kept FROM STDIN") as copy:
                copy.write("b\t2\n")
            execute(_PUT, "c", 3)
        assert len(fetch(_ALL)) == 3
    with unpiped(), connection.cursor() as cursor:  # without a pipeline it is nothing
        cursor.execute("SELECT count(*) FROM kept")
        assert cursor.fetchone() == (3,)


def test_a_body_that_raises_leaves_nothing_and_the_next_works() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_outside()
    execute(_PUT, "a", 1)
    assert fetch(_ALL) == [("a", 1)]


def fail_outside() -> None:
    with transaction.atomic(), pipelined():
        execute(_PUT, "taken back", 1)
        raise ZeroDivisionError


def test_one_value_is_an_equation_and_several_an_array() -> None:
    for name in "abc":
        execute(_PUT, name, 1)
    for asked in (["a"], ["a", "c"], ["a", "z"]):
        condition, given = among("$1", asked)
        found = fetch(f"SELECT name FROM kept WHERE name {condition} ORDER BY 1", given)
        assert [name for (name,) in found] == sorted({*asked} & {*"abc"})
