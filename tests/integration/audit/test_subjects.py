"""Rows against entries: each kind of difference is found and the entry named."""

from uuid import uuid4

import pytest

from apps.audit import services
from apps.audit.subjects import compare
from apps.core import canonical
from tests.integration.audit.conftest import ACTOR, AT, record

pytestmark = pytest.mark.django_db


def row(object_id, version=1, **content):
    return object_id, version, {"name": f"thing {object_id}"} | content


def found(rows, **options):
    count, problems = compare("thing", rows, **options)
    assert count == len(list(rows))
    return [(one.code, one.entry_id) for one in problems]


def test_equal_rows_are_clean_and_each_difference_is_named():
    a, b = record("a"), record("b")
    assert found([row("a"), row("b")]) == []
    assert found([row("a"), row("b", name="thing B")]) == [("row_changed", str(b))]
    assert found([row("b")]) == [("row_gone", str(a))]
    assert found([row("a"), row("b"), row("c")]) == [("row_unrecorded", None)]


def test_an_older_version_of_a_row_does_not_pass():
    record("a")
    second = record("a", version=2, content={"name": "thing two"})
    assert found([row("a", 2, name="thing two")]) == []
    assert found([row("a")]) == [("row_version", str(second))]


def test_later_entries_for_the_same_version_do_not_replace_the_first():
    made = record("a")
    record("a", kind="tests.thing.shown", content={"to": "someone"})
    assert found([row("a")]) == []
    assert found([("a", 1, {"to": "someone"})]) == [("row_changed", str(made))]


def chunk_of(rows):
    return services.record_chunk(
        kind="tests.thing.made",
        object_type="thing",
        chunk=uuid4(),
        rows={name: canonical.digest(content) for name, _, content in rows},
        actor=ACTOR,
        at=AT,
    )


def test_rows_of_a_chunk_are_compared_one_by_one():
    rows = [row(str(n)) for n in range(50)]
    entry = chunk_of(rows)
    alone = record("alone")
    assert found([*rows, row("alone")]) == []
    rows[7] = row("7", name="forged")
    assert found([*rows, row("alone")]) == [("row_changed", str(entry))]
    del rows[7]
    assert set(found([*rows, row("alone", x=1)])) == {
        ("row_gone", str(entry)),
        ("row_changed", str(alone)),
    }


def test_a_selector_may_yield_chunks_itself():
    rows = [row(str(n)) for n in range(5)]
    entry = chunk_of(rows)
    held = {name: canonical.digest(content) for name, _, content in rows}
    count, problems = compare("thing_chunk", [("c", 1, {"rows": held})])
    assert (count, problems) == (5, [])
    held["3"] = "00" * 32
    _, [problem] = compare("thing_chunk", [("c", 1, {"rows": held})])
    assert (problem.code, problem.entry_id) == ("row_changed", str(entry))
    assert "thing_chunk 3" in problem.text
    assert compare("thing", [], with_chunks=False) == (0, [])


def test_a_chunk_of_many_rows_streams():
    rows = [row(str(n)) for n in range(1000)]
    for start in range(0, 1000, 250):
        chunk_of(rows[start : start + 250])
    assert compare("thing", iter(rows)) == (1000, [])
