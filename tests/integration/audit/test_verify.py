"""The tamper suite: whatever is changed behind the log's back is found and named."""

import json
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import transaction

from apps.audit import sequencer, services, verify
from apps.audit.models import Checkpoint, Entry
from apps.audit.note import Checkpoint as Note
from apps.audit.note import sign
from tests.integration.audit.conftest import AT, record

COUNT = 21
MIDDLE = 10
LATER = AT + timedelta(hours=1)
TABLES = ("entry", "once", "pending", "leaf", "node", "checkpoint")


@pytest.fixture
def log(fresh_database):
    """A log of COUNT entries with three signed checkpoints."""
    made = []
    for size in (5, 8, COUNT):
        with transaction.atomic():
            made += [record(str(n)) for n in range(len(made), size)]
        services.sequence_now(at=AT)
    assert check() == []
    return made


@pytest.fixture
def owner(fresh_database):
    """Run SQL as the owner of the tables with every trigger off: a hostile DBA."""

    @contextmanager
    def unguarded():
        with psycopg.connect(fresh_database.owner_url) as connection:
            for table in TABLES:
                connection.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER USER")
            yield connection
            for table in TABLES:
                connection.execute(f"ALTER TABLE audit.{table} ENABLE TRIGGER USER")

    def run(*statements):
        with unguarded() as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def check(**options):
    report = verify.check_log(**{"full": True, "at": LATER} | options)
    verify.remember(report)
    return [(one.code, one.entry_id) for one in report.problems]


def of(entry_id: UUID) -> str:
    return f"WHERE id = '{entry_id}'"


FLIP = "set_byte({0}, octet_length({0}) / 2, get_byte({0}, octet_length({0}) / 2) # 1)"
DROP_CHECK = "ALTER TABLE audit.entry DROP CONSTRAINT entry_check"


def test_one_bit_of_a_body_is_found_and_its_entry_named(log, owner):
    owner(DROP_CHECK, f"UPDATE audit.entry SET body = {FLIP.format('body')}"
                      f" {of(log[MIDDLE])}")  # fmt: skip
    assert check() == [("entry_changed", str(log[MIDDLE]))]


def test_a_body_and_its_leaf_rewritten_together_are_found(log, owner):
    owner(
        "UPDATE audit.entry SET body = replace(encode(body, 'escape'), 'thing 10',"
        " 'thing 99')::bytea, leaf = sha256('\\x00'::bytea || replace(encode(body,"
        f" 'escape'), 'thing 10', 'thing 99')::bytea) {of(log[MIDDLE])}"
    )
    assert check() == [("entry_changed", str(log[MIDDLE]))]


@pytest.mark.parametrize("column", ["leaf", "mac"])
def test_one_bit_of_a_hash_is_found(log, owner, column):
    owner(DROP_CHECK, f"UPDATE audit.entry SET {column} = {FLIP.format(column)}"
                      f" {of(log[MIDDLE])}")  # fmt: skip
    assert check() == [("entry_changed", str(log[MIDDLE]))]


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "kind = 'tests.thing.unmade'",
        "object_id = 'other'",
        "object_version = 2",
        "actor_id = 'someone'",
        "actor_type = 'user'",
        "request_id = 'req'",
    ],
)
def test_columns_that_differ_from_the_body_are_found(log, owner, change):
    owner(f"UPDATE audit.entry SET {change} {of(log[MIDDLE])}")
    assert ("entry_changed", str(log[MIDDLE])) in check()


def test_a_deleted_entry_is_found(log, owner):
    owner(f"DELETE FROM audit.entry {of(log[MIDDLE])}")
    assert check()[0] == ("entry_gone", str(log[MIDDLE]))


def test_a_deleted_leaf_is_found(log, owner):
    owner(f"DELETE FROM audit.leaf WHERE idx = {MIDDLE}")
    problems = check()
    assert problems[0] == ("gap", None)
    assert ("lost", str(log[MIDDLE])) in problems


def test_swapped_leaves_are_found(log, owner):
    owner(
        "CREATE TEMP TABLE two AS SELECT * FROM audit.leaf WHERE idx IN (10, 11)",
        "DELETE FROM audit.leaf WHERE idx IN (10, 11)",
        "INSERT INTO audit.leaf SELECT 21 - idx, entry_id, leaf FROM two",
    )
    assert ("root", None) in check()


def test_a_truncated_tail_is_found_by_the_file_outside(log, owner):
    owner(
        "DELETE FROM audit.entry WHERE id IN"
        " (SELECT entry_id FROM audit.leaf WHERE idx >= 8)",
        "DELETE FROM audit.once WHERE entry_id NOT IN (SELECT id FROM audit.entry)",
        "DELETE FROM audit.leaf WHERE idx >= 8",
        "DELETE FROM audit.node WHERE (idx + 1) << level > 8",
        "DELETE FROM audit.checkpoint WHERE size > 8",
    )
    assert {code for code, _ in check()} == {"truncated"}


def test_the_signer_refuses_a_log_that_does_not_continue(log, owner):
    owner(
        f"DELETE FROM audit.leaf WHERE idx = {COUNT - 1}",
        f"DELETE FROM audit.checkpoint WHERE size = {COUNT}",
    )
    with transaction.atomic():
        record("forged")
    services.sequence_now(at=AT)
    assert Checkpoint.objects.get(size=COUNT).note is None
    with pytest.raises(services.ForkedLogError, match="not those signed"):
        sequencer.sign_newest()
    codes = {code for code, _ in check()}
    assert {"unsigned", "root", "lost"} <= codes


def test_a_changed_checkpoint_is_found(log, owner):
    owner(f"UPDATE audit.checkpoint SET root = {FLIP.format('root')} WHERE size = 8")
    assert ("root", None) in check()


def test_a_forged_note_is_found(log, owner):
    owner("UPDATE audit.checkpoint SET note = replace(note, '8', '9') WHERE size = 8")
    assert ("signature", None) in check()


def test_a_note_signed_by_another_key_is_found(log, owner, settings):
    key = settings.KYCRISK_LOG_SIGNING_KEY
    settings.KYCRISK_LOG_SIGNING_KEY = bytes(32)
    checkpoint = Checkpoint.objects.get(size=8)
    stranger = sequencer.keys.signing_key()
    forged = sign(Note(sequencer.origin(), 8, bytes(checkpoint.root)), stranger)
    settings.KYCRISK_LOG_SIGNING_KEY = key
    owner(f"UPDATE audit.checkpoint SET note = '{forged}' WHERE size = 8")
    assert check() == [("signature", None)]


def test_a_wrong_subtree_is_found(log, owner):
    owner(f"UPDATE audit.node SET hash = {FLIP.format('hash')}"
          " WHERE level = 2 AND idx = 1")  # fmt: skip
    assert check() == [("node", None)]


def test_a_missing_subtree_is_found(log, owner):
    owner("DELETE FROM audit.node WHERE level = 1 AND idx = 9")
    assert check() == [("node", None)]


def test_a_missing_once_row_is_found(log, owner):
    owner(f"DELETE FROM audit.once WHERE entry_id = '{log[MIDDLE]}'")
    assert check()[0] == ("once", str(log[MIDDLE]))


def test_an_entry_changed_before_it_had_a_place_is_found(log, owner):
    with transaction.atomic():
        late = record("late")
    owner("UPDATE audit.pending SET leaf = sha256('forged')")
    services.sequence_now(at=AT)
    assert check() == [("entry_changed", str(late))]


def test_an_entry_without_its_place_is_reported(log):
    with transaction.atomic():
        record("late")
    assert check(at=AT) == []
    assert check() == [("pending", None)]


def test_a_lost_state_file_and_a_changed_note_file_are_reported(log):
    state = sequencer.folder() / "state.json"
    kept = state.read_text()
    state.unlink()
    assert check() == [("state_gone", None)]
    state.write_text(json.dumps({"size": 8, "root": "00" * 32}))
    assert check() == [("root", None)]
    state.write_text(kept)
    notes = sequencer.folder() / "checkpoints.txt"
    notes.write_text(notes.read_text().replace("\n8\n", "\n7\n"))
    assert check() == [("note_file", None)]


def test_a_check_goes_on_where_the_last_one_ended(log, owner, monkeypatch):
    monkeypatch.setattr(verify, "SMALL", 0)
    with transaction.atomic():
        made = [record(f"later {n}") for n in range(9)]
    services.sequence_now(at=AT)
    report = verify.check_log(full=False, at=LATER)
    assert (report.start, report.size, report.problems) == (COUNT, COUNT + 9, [])
    owner(f"UPDATE audit.entry SET kind = 'x' {of(made[4])}")
    [first, *_] = verify.check_log(full=False, at=LATER).problems
    assert (first.code, first.entry_id) == ("entry_changed", str(made[4]))


def test_many_ranges_give_the_same_tree_as_one(log, monkeypatch):
    monkeypatch.setattr("apps.audit.ranges.RANGE", 4)
    seen = []
    report = verify.check_log(full=True, at=LATER, advance=seen.append)
    assert report.problems == []
    assert seen == [4, 4, 4, 4, 4, 1]


@pytest.mark.slow
def test_two_processes_find_what_one_finds(log, owner, monkeypatch):
    monkeypatch.setattr("apps.audit.ranges.RANGE", 4)
    assert check(procs=2) == []
    owner(f"UPDATE audit.entry SET kind = 'x' {of(log[MIDDLE])}")
    assert check(procs=2)[0] == ("entry_changed", str(log[MIDDLE]))


def test_an_empty_log_is_clean(fresh_database):
    assert check() == []
    assert not Entry.objects.exists()
