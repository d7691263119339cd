"""Stored assessments come out again with the same bits; a changed bit is found."""

import json
import struct

import pytest
from django.core.management import call_command

from apps.core.errors import NotFoundError
from apps.reports.services import replay
from tests.integration.reports.conftest import assessed, champion

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(entry_model):
    champion(entry_model)
    return [
        assessed("acct_1", email="a@mail.example", payment_type="card"),
        assessed("acct_2", signup_form_ms=900, plan="build"),
        assessed("acct_3"),
    ]


def test_all_of_them_are_bit_identical(stored):
    seen = []
    done = replay(advance=seen.append)
    assert (done.checked, done.differences, sum(seen)) == (3, [], 3)


def test_one_can_be_asked_for(stored, capsys):
    call_command("replay", assessment=stored[1].assessment.id)
    assert "1 assessment recomputed, bit-identical." in capsys.readouterr().out
    with pytest.raises(NotFoundError):
        replay(assessment_id="asm_nothing")


def flipped(number: float) -> float:
    """Return the float whose last bit differs."""
    bits = struct.unpack(">q", struct.pack(">d", number))[0] ^ 1
    return struct.unpack(">d", struct.pack(">q", bits))[0]


@pytest.fixture
def changed(stored, monkeypatch):
    """Read the rows with one of them changed, as if somebody had edited it."""
    from apps.reports.services import replaying as module

    def change(edit):
        genuine = module._batches

        def edited(rows):
            for batch in genuine(rows):
                for row in batch:
                    if row.pk == stored[1].assessment.pk:
                        edit(row)
                yield batch

        monkeypatch.setattr(module, "_batches", edited)
        return [(one.assessment_id, one.what) for one in replay().differences]

    return change


@pytest.mark.parametrize(
    "name", ["margin", "own_probability", "low", "high", "probability"]
)
def test_the_last_bit_of_a_number_counts(changed, stored, name):
    def edit(row):
        setattr(row.score, name, flipped(getattr(row.score, name)))

    assert changed(edit) == [(stored[1].assessment.id, name)]


def test_the_last_bit_of_a_contribution_counts(changed, stored):
    def edit(row):
        row.score.contributions[-1] = flipped(row.score.contributions[-1])

    assert changed(edit) == [(stored[1].assessment.id, "contributions")]


def test_a_changed_action_or_reason_counts(changed, stored):
    def edit(row):
        row.decision.action = "suspend"

    assert changed(edit) == [(stored[1].assessment.id, "decision")]


def test_a_changed_reason_counts(changed, stored):
    def edit(row):
        row.score.reasons = [*row.score.reasons, {"code": "IDN-99"}]

    assert changed(edit) == [(stored[1].assessment.id, "reasons")]


def test_a_snapshot_that_differs_from_its_rows_counts(changed, stored):
    def edit(row):
        content = json.loads(row.snapshot)
        content["score"]["margin"] = flipped(content["score"]["margin"])
        row.snapshot = json.dumps(content)

    assert changed(edit) == [(stored[1].assessment.id, "snapshot")]


def test_a_snapshot_that_is_no_longer_json_counts(changed, stored):
    def edit(row):
        row.snapshot = row.snapshot[:-1]

    assert changed(edit) == [(stored[1].assessment.id, "snapshot")]


def test_the_command_names_the_first_and_exits_with_one(changed, stored, capsys):
    def edit(row):
        row.score.margin += 1.0

    changed(edit)
    with pytest.raises(SystemExit) as ended:
        call_command("replay", all=True)
    assert ended.value.code == 1
    assert f"{stored[1].assessment.id}: margin differs" in capsys.readouterr().out


def test_queries_do_not_grow_with_the_rows(stored, django_assert_max_num_queries):
    replay()
    with django_assert_max_num_queries(6):
        assert replay().checked == len(stored)
