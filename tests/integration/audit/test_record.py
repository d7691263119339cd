"""Entries: what is stored, and what the database itself refuses."""

import json
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.audit import merkle, selectors, services
from apps.audit.models import Entry, Leaf, Pending
from tests.integration.audit.conftest import ACTOR, AT, record

pytestmark = pytest.mark.django_db


def test_an_entry_repeats_its_columns_in_a_hashed_body():
    entry_id = record("a", request_id="req_1", job_id="job_1")
    entry = Entry.objects.get(pk=entry_id)
    body = json.loads(bytes(entry.body))
    assert body == {
        "actor": {"id": "test", "type": "system"},
        "at": "2026-11-22T12:00:00.123456Z",
        "content": {"name": "thing a"},
        "id": str(entry_id),
        "job_id": "job_1",
        "kind": "tests.thing.made",
        "object_id": "a",
        "object_type": "thing",
        "request_id": "req_1",
        "v": 1,
        "version": 1,
    }
    assert bytes(entry.leaf) == merkle.leaf_hash(bytes(entry.body))
    assert entry.at == AT
    assert entry_id.version == 7
    assert Pending.objects.get().entry_id == entry_id


def test_recording_costs_one_round_trip(django_assert_num_queries):
    with django_assert_num_queries(1):
        record("a")


def test_the_same_change_is_recorded_once():
    record("a")
    with pytest.raises(IntegrityError), transaction.atomic():
        record("a")
    record("a", version=2)
    record("a", kind="tests.thing.shown")
    assert Entry.objects.count() == 3


def test_many_entries_by_copy_get_contiguous_places():
    records = [
        services.Record(
            kind="tests.thing.made",
            object_type="thing",
            object_id=str(n),
            version=1,
            content={"n": n, "text": "tab\tnewline\n\\N é"},
            actor=ACTOR,
            at=AT,
        )
        for n in range(1500)
    ]
    ids = services.record_many(records)
    assert services.sequence_now(at=AT) == 1500
    places = Leaf.objects.order_by("idx").values_list("idx", "entry_id")
    assert [place for place, _ in places] == list(range(1500))
    assert {entry_id for _, entry_id in places} == set(ids)
    assert not Pending.objects.exists()


def test_a_chunk_names_every_row_and_no_more_than_a_thousand():
    rows = {f"row_{n}": f"{n:064x}" for n in range(3)}
    chunk = uuid4()
    services.record_chunk(
        kind="tests.thing.made", object_type="thing", chunk=chunk, rows=rows,
        actor=ACTOR, at=AT,
    )  # fmt: skip
    entry = selectors.first_entry(object_type="thing", object_id="row_1", chunk=chunk)
    assert entry is not None
    content = json.loads(bytes(entry.body))["content"]
    assert content["rows"] == rows
    tree = merkle.Frontier()
    for name, sha in rows.items():
        tree.add(merkle.leaf_hash(name.encode() + b"\x00" + bytes.fromhex(sha)))
    assert content["root"] == tree.root().hex()
    with pytest.raises(ValueError, match="at most"):
        services.record_chunk(
            kind="tests.thing.made", object_type="thing", chunk=uuid4(),
            rows={str(n): "00" for n in range(1001)}, actor=ACTOR, at=AT,
        )  # fmt: skip


def test_a_wrong_leaf_is_refused():
    sql = (
        "INSERT INTO audit.entry (id, at, kind, object_type, object_id, object_version,"
        " actor_type, actor_id, body, leaf, mac) VALUES (gen_random_uuid(), now(), 'k',"
        " 't', 'i', 1, 'system', 'x', 'body', sha256('body'), sha256(''))"
    )
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(sql)


UPSERT = (
    "INSERT INTO audit.entry TABLE audit.entry"
    " ON CONFLICT (id) DO UPDATE SET body = excluded.body"
)
PERMISSION_DENIED = "42501"


def refusal_of(statement: str) -> str:
    with (
        pytest.raises(DatabaseError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return refusal.value.__cause__.sqlstate


STATEMENTS = [
    "UPDATE audit.{0} SET {1} = {1}",
    "DELETE FROM audit.{0}",
    "TRUNCATE audit.{0}",
    "DROP TABLE audit.{0}",
    "ALTER TABLE audit.{0} ADD COLUMN extra int",
    "ALTER TABLE audit.{0} DISABLE TRIGGER ALL",
    "CREATE RULE r AS ON INSERT TO audit.{0} DO INSTEAD NOTHING",
    "LOCK TABLE audit.{0} IN ACCESS EXCLUSIVE MODE",
]
TABLES = {
    "entry": "body",
    "once": "kind",
    "pending": "leaf",
    "leaf": "leaf",
    "node": "hash",
    "checkpoint": "note",
}


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize(("table", "column"), TABLES.items())
def test_the_serving_role_can_change_nothing(statement, table, column):
    record("a")
    services.sequence_now(at=AT)
    assert refusal_of(statement.format(table, column)) == PERMISSION_DENIED


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit.once VALUES ('t', 'i', 1, 'k', gen_random_uuid())",
        "INSERT INTO audit.pending VALUES (default, gen_random_uuid(), '', now())",
        "INSERT INTO audit.leaf VALUES (9, gen_random_uuid(), sha256(''))",
        "INSERT INTO audit.node VALUES (1, 0, sha256(''))",
        "INSERT INTO audit.checkpoint VALUES (9, sha256(''), now())",
        UPSERT,
        "SET session_replication_role = replica",
        "CREATE TABLE audit.mine (n int)",
        "CREATE FUNCTION audit.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT audit.enter()",
        "SELECT audit.root(0)",
    ],
)
def test_the_serving_role_has_no_side_door(statement):
    record("a")
    assert refusal_of(statement) == PERMISSION_DENIED


def test_a_signed_checkpoint_is_never_signed_again():
    record("a")
    services.sequence_now(at=AT)
    before = selectors.newest_checkpoint().note
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.sign(1, 'another')")
    assert selectors.newest_checkpoint().note == before
