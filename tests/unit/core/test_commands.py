import io
import json
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from apps.core.commands import ExportCommand, KycriskCommand, Unusable, moment
from apps.core.errors import ConflictError
from apps.core.progress import Bar


class SampleExport(ExportCommand):
    def run(self, **options: Any) -> dict[str, Any]:
        return self.write(options["table"], options["file"])


class Sample(KycriskCommand):
    help = "Do something."
    example = "--json"
    result: Any = None

    def run(self, **_: Any) -> dict[str, Any]:
        self.say("on the way")
        self.progress("rows", 1, 2)
        self.progress("rows", 2, 2)
        if isinstance(self.result, BaseException):
            raise self.result
        return dict(self.result or {})


def _run(result: Any, *words: str) -> tuple[int, str, str]:
    command, out, err = Sample(), io.StringIO(), io.StringIO()
    command.result = result
    try:
        call_command(command, *words, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_result_is_the_last_line_and_only_that_is_json() -> None:
    code, out, err = _run({"rows": 2, "at": datetime(2026, 1, 1, tzinfo=UTC)}, "--json")
    assert code == 0
    assert json.loads(out) == {"rows": 2, "at": "2026-01-01T00:00:00Z"}
    assert "on the way" in err


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({}, 0),
        ({"rejected": 0}, 0),
        ({"rejected": 3}, 1),
        (Unusable("There is no such folder."), 2),
        (ConflictError("It is taken."), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_the_exit_code_says_how_it_went(result: Any, code: int) -> None:
    got, out, err = _run(result)
    assert got == code
    assert "on the way" in out
    if code == 2:
        assert err.strip() == str(result)


def test_help_has_an_example() -> None:
    text = Sample().create_parser("manage.py", "sample").format_help()
    assert "Example: manage.py sample --json" in text


def test_a_bar_without_terminal_ends_in_one_plain_line() -> None:
    stream = io.StringIO()
    with Bar("rows", 10, stream=stream) as bar:
        for _ in range(10):
            bar.update()
    assert stream.getvalue() == "rows: 10 of 10\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01T00:00:00Z", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T02:00:00+02:00", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_utc(text: str, expected: datetime) -> None:
    assert moment(text) == expected


def test_a_bad_moment_is_an_argument_error() -> None:
    with pytest.raises(ArgumentTypeError):
        moment("yesterday")


def test_an_export_is_whole_and_equal_each_time(tmp_path: Path) -> None:
    table, command = pa.table({"account_id": ["a", "b"]}), SampleExport()
    command.stdout, command.stderr = io.StringIO(), io.StringIO()  # type: ignore[assignment]  # as call_command does
    for name in ("one", "two"):
        command.say = lambda _text: None  # type: ignore[method-assign]  # words are not the matter
        assert command.write(table, tmp_path / name)["rows"] == 2
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert pq.read_table(tmp_path / "one") == table
    with pytest.raises(Unusable):
        command.write(table, tmp_path / "missing" / "file")
