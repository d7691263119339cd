"""COMMIT fails for a change that was not recorded; by the database, not by Python."""

from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.audit import services
from apps.audit.migrations_sql import must_audit
from tests.integration.audit.conftest import ACTOR, AT, record

TABLES = """
CREATE TABLE thing (id text PRIMARY KEY, version int NOT NULL DEFAULT 1, name text,
  lease int, chunk uuid);
GRANT ALL ON thing TO kycrisk_app;
"""


@pytest.fixture
def thing(fresh_database):
    with psycopg.connect(fresh_database.owner_url) as owner:
        owner.execute(TABLES)
        for operation in must_audit(
            "thing",
            "thing",
            version_column="version",
            chunk_column="chunk",
            free_columns=["lease"],
        ):
            owner.execute(operation.sql)
    return fresh_database


def run(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@transaction.atomic
def insert_and_record(object_id, **changes):
    run("INSERT INTO thing (id) VALUES ('a')")
    record(object_id, **changes)


def names():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM thing ORDER BY id")
        return cursor.fetchall()


def test_a_recorded_change_commits(thing):
    with transaction.atomic():
        run("INSERT INTO thing (id, name) VALUES ('a', 'one')")
        record("a")
    with transaction.atomic():
        record("a", version=2)
        run("UPDATE thing SET name = 'two', version = 2")
    assert names() == [("a", "two")]


def test_an_unrecorded_insert_fails_at_commit(thing):
    with pytest.raises(IntegrityError, match="not recorded"):
        insert_and_record("b")
    assert names() == []


def test_an_entry_of_another_type_or_version_does_not_count(thing):
    with pytest.raises(IntegrityError):
        insert_and_record("a", object_type="person")
    with pytest.raises(IntegrityError):
        insert_and_record("a", version=2)
    assert names() == []


def test_an_update_needs_a_new_version_and_its_entry(thing):
    with transaction.atomic():
        run("INSERT INTO thing (id, name) VALUES ('a', 'one')")
        record("a")
    with pytest.raises(IntegrityError, match="without a new"), transaction.atomic():
        run("UPDATE thing SET name = 'two'")
    with pytest.raises(IntegrityError, match="not recorded"), transaction.atomic():
        run("UPDATE thing SET name = 'two', version = 2")
    with transaction.atomic():
        run("UPDATE thing SET lease = 7")
    assert names() == [("a", "one")]


def test_rows_of_a_recorded_chunk_commit_and_of_another_do_not(thing):
    chunk = uuid4()
    with transaction.atomic():
        run(
            "INSERT INTO thing (id, chunk)"
            " SELECT n::text, %s FROM generate_series(1, 9) n",
            chunk,
        )
        services.record_chunk(
            kind="tests.thing.made", object_type="thing", chunk=chunk,
            rows={str(n): "00" * 32 for n in range(1, 10)}, actor=ACTOR, at=AT,
        )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        run("INSERT INTO thing (id, chunk) VALUES ('x', %s)", uuid4())
    assert len(names()) == 9


def test_the_serving_role_cannot_switch_the_check_off(thing):
    for statement in (
        "ALTER TABLE thing DISABLE TRIGGER must_audit",
        "DROP TRIGGER must_audit ON thing",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(DatabaseError) as refusal:
            run(statement)
        assert refusal.value.__cause__.sqlstate == "42501"


def test_an_entry_outside_a_transaction_is_refused(thing):
    with pytest.raises(services.OutsideTransactionError):
        record("a")


def test_the_migration_can_be_taken_back(thing):
    [operation] = must_audit("thing", "thing")
    with psycopg.connect(thing.owner_url) as owner:
        owner.execute(operation.reverse_sql)
    run("INSERT INTO thing (id) VALUES ('a')")
    assert len(names()) == 1
