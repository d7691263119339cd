import psycopg
import pytest
from django.db import connection
from django.db.utils import ProgrammingError

from apps.core.migrations_sql import append_only
from tests.databases import Database


@pytest.fixture
def table(fresh_database: Database) -> str:
    """A table of the owner's, made append-only as a migration would."""
    with psycopg.connect(fresh_database.owner_url) as owner:
        owner.execute("CREATE TABLE sample (id int)")
        for operation in append_only("sample"):
            owner.execute(operation.sql)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO sample VALUES (1)")
    return "sample"


@pytest.mark.parametrize(
    "statement", ["UPDATE sample SET id = 2", "DELETE FROM sample", "TRUNCATE sample"]
)
def test_rows_stay_as_they_were_written(
    table: str, fresh_database: Database, statement: str
) -> None:
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(statement)  # the serving role has no such right
    with (
        psycopg.connect(fresh_database.owner_url) as owner,
        pytest.raises(psycopg.errors.RestrictViolation, match="append-only"),
    ):
        owner.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table}")
        assert cursor.fetchall() == [(1,)]


def test_it_can_be_undone(fresh_database: Database, table: str) -> None:
    with psycopg.connect(fresh_database.owner_url) as owner:
        owner.execute(append_only(table)[0].reverse_sql)
        owner.execute("UPDATE sample SET id = 2")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM sample")
        assert cursor.fetchone() == (2,)
