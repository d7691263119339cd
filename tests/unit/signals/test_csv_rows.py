"""CSV of usage in columns says what the row reader says, line by line."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.validation import validate_rows, vectors
from apps.signals.services import csv_rows
from apps.signals.services.pieces import Piece, Source

AT = datetime(2026, 5, 1, tzinfo=UTC)
GOOD = {
    "event_id": "e-1",
    "occurred_at": "2026-04-30T10:00:00Z",
    "account_id": "a-1",
    "key_id": "k-1",
    "model": "m",
    "input_tokens": "3",
    "output_tokens": "4",
    "minhash": str(list(range(16))),
    "language_bucket": "",
    "odd": "x",
}
LISTS = [str([2**32] * 16), "[" + "1," * 15 + "1]", "[1, 2]", "{}"]
CELLS = st.sampled_from(
    [
        "",
        "7",
        "-1",
        "007",
        "1.0",
        " 3",
        "x",
        "a,b",
        'a"b',
        "a\nb",
        "NaN",
        "NULL",
        *LISTS,
    ]
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(list(GOOD)), CELLS, max_size=2).map(
        lambda odd: GOOD | odd
    ),
    max_size=12,
)


def judged(pieces: list[Piece]) -> dict[int, Any]:
    """Return what becomes of every line: its cleaned row, or a field and a code."""
    found: dict[int, Any] = {}
    for piece in pieces:
        found |= {one.line: (one.field, one.code) for one in piece.bad}
        if piece.table is not None:
            table = vectors.validate_table("usage", piece.table, as_of=AT)
            good = [at for at, kept in enumerate(table.good) if kept]
            lines = [piece.first_line + at for at in good]
            found |= dict(zip(lines, table.rows.to_pylist(), strict=True))
            found |= {
                piece.first_line + one.index: (one.field, one.code)
                for one in table.rejects
            }
        checked = validate_rows("usage", piece.rows, as_of=AT)
        lines = [piece.lines[place] for place in checked.places]
        found |= dict(zip(lines, checked.good, strict=True))
        found |= {
            piece.lines[one.index]: (one.field, one.code) for one in checked.rejects
        }
    return found


def both(path: Path, run: int, size: int) -> tuple[dict[int, Any], dict[int, Any]]:
    source = Source("usage", path, path.name, "", path.stat().st_size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "_RUN", run)
        columns = list(csv_rows.read_csv(source, size))
    return judged(columns), judged(list(csv_rows._rows(source, 1_000)))


@settings(max_examples=150, deadline=None)
@given(
    rows=ROWS,
    run=st.integers(1, 5),
    bom=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_columns_and_rows_agree(tmp_path_factory, rows, run, bom, end):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(GOOD), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "usage.csv"
    path.write_bytes(b"\xef\xbb\xbf" * bom + text.getvalue().encode())
    columns, by_row = both(path, run, size=5)
    assert columns == by_row


@pytest.mark.parametrize(
    "broken",
    [
        b"e-9,short\n",
        b'e-9,"open\n',
        b"\xff" + b"," * 9 + b"\n",
        b"\n",
        b'"a\nb"' + b"," * 9,
    ],
)
def test_broken_lines_are_named_alike(tmp_path, broken):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(GOOD), lineterminator="\n")
    writer.writeheader()
    writer.writerows([GOOD] * 7)
    lines = text.getvalue().encode().splitlines(keepends=True)
    path = tmp_path / "usage.csv"
    path.write_bytes(b"".join([*lines[:4], broken, *lines[4:]]))
    columns, by_row = both(path, 2, 1_000)
    assert columns == by_row
    assert len(by_row) < 8 or any(isinstance(one, tuple) for one in by_row.values())
