"""A batch of commands: each line is answered, whatever the one before it did."""

import io
import json
import sys

import pytest
from django.core.management import call_command


@pytest.fixture
def answers(monkeypatch):
    """Return the answers to some lines."""

    def given(*lines: str):
        out = io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
        call_command("batch", stdout=out)
        return [json.loads(line) for line in out.getvalue().splitlines()]

    return given


def test_commands_run_one_after_another(answers, tmp_path):
    simulate = ["simulate", str(tmp_path / "w"), "--tier", "tiny", "--seed"]
    first, wrong, again = answers(
        json.dumps([*simulate, "3"]), json.dumps([*simulate, "-1"]), "",
        json.dumps([*simulate, "3"]),
    )  # fmt: skip
    assert first["code"] == again["code"] == 0
    assert first["result"] == again["result"]
    assert first["result"]["tier"] == "tiny"
    assert wrong["code"] == 2
    assert "seed" in wrong["messages"]


@pytest.mark.parametrize(
    "line", ["no JSON", "{}", "[]", "[1]", '["nothing_of_ours"]', '["reset", "--yes"]']
)
def test_what_cannot_be_run_is_told(answers, line):
    [told] = answers(line)
    assert told["code"] == 2
    assert told["result"] is None
    assert told["messages"]


def test_a_command_that_breaks_is_told_too(answers, monkeypatch):
    def broken(*_words, **_options):
        raise RuntimeError("a part of it is broken")

    monkeypatch.setattr("ml.simulate.simulate", broken)
    [told] = answers('["simulate", "/nowhere", "--seed", "1"]')
    assert told["code"] == 1
    assert "a part of it is broken" in told["messages"]
