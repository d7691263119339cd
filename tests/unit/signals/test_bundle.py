"""Files of a bundle: every form gives the same rows, and damage is named."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.signals.services.bundle import (
    LINE_MAX,
    Source,
    bundle_sources,
    read_pieces,
)
from tests.integration.signals import bundles

GOOD = b'{"account_id": "acc-1", "created_at": "2026-03-01T00:00:00Z"}'


def source(path: Path, table: str = "accounts") -> Source:
    return Source(table, path, path.name, "0" * 64, path.stat().st_size)


def read(path: Path, table: str = "accounts", rows: int = 2) -> tuple[list, dict]:
    """Return the lines of good rows, and line -> code of bad ones."""
    lines, bad = [], {}
    for piece in read_pieces(source(path, table), rows=rows):
        if piece.table is not None:
            first = piece.first_line
            lines += range(first, first + piece.table.num_rows)
        lines += piece.lines
        bad |= {one.line: one.code for one in piece.bad}
    return lines, bad


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"account_id": "\xff"}', "not_utf8"),
        (b'{"a": NaN}', "not_json_number"),
        (b'{"a": 1e999}', "number_out_of_range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number_out_of_range"),
        (b'{"a": "\\u0000"}', "nul_not_allowed"),
        (b'{"a": "\\ud800"}', "bad_unicode"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a": ', "not_json"),
        (b'["a"]', "wrong_type"),
        (b'"' + b"x" * (LINE_MAX + 10) + b'"', "body_too_large"),
    ],
)
@pytest.mark.parametrize("name", ["rows.ndjson", "rows.ndjson.gz"])
def test_a_bad_line_is_named_and_its_neighbors_stay(tmp_path, name, line, code):
    bundles.write_lines(tmp_path / name, [GOOD, line, b"", GOOD])
    assert read(tmp_path / name) == ([1, 4], {2: code})


def test_a_cut_gzip_keeps_what_stood_before(tmp_path):
    lines = [b'{"account_id": "acc-%d"}' % number for number in range(20_000)]
    whole = gzip.compress(b"\n".join(lines))
    (tmp_path / "rows.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    good, bad = read(tmp_path / "rows.ndjson.gz", rows=1000)
    assert 1000 < len(good) < 20_000
    assert list(bad.values())[-1] == "unreadable_file"


def test_a_gzip_bomb_is_one_bad_line_in_bounded_memory(tmp_path):
    (tmp_path / "rows.ndjson.gz").write_bytes(gzip.compress(b"x" * (64 << 20)))
    good, bad = read(tmp_path / "rows.ndjson.gz")
    assert (good, bad) == ([], {1: "body_too_large"})


def test_a_damaged_parquet_file_is_named(tmp_path):
    bundles.write_parquet(tmp_path / "usage.parquet", bundles.usage(100))
    data = bytearray((tmp_path / "usage.parquet").read_bytes())
    (tmp_path / "usage.parquet").write_bytes(data[: len(data) // 2])
    assert read(tmp_path / "usage.parquet", "usage") == ([], {1: "unreadable_file"})


def test_bad_cells_of_csv_are_named_by_line(tmp_path):
    text = b'account_id,created_at\nacc-1,2026-03-01T00:00:00Z\nacc-2\n"acc\xff",x\n'
    (tmp_path / "accounts.csv").write_bytes(text + b"acc-4,2026-03-01T00:00:00Z\n")
    good, bad = read(tmp_path / "accounts.csv")
    assert (good, bad) == ([2, 5], {3: "csv_row_width", 4: "not_utf8"})


def test_a_quote_that_never_closes_ends_in_a_named_line(tmp_path):
    (tmp_path / "accounts.csv").write_bytes(b'account_id,plan\nacc-1,"open\nacc-2,x\n')
    assert read(tmp_path / "accounts.csv") == ([], {2: "csv_row_broken"})


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(1, 70), step=st.integers(1, 30))
def test_pieces_hold_every_line_once_whatever_their_size(tmp_path_factory, rows, step):
    folder = tmp_path_factory.mktemp("pieces")
    written = bundles.usage(rows)
    bundles.write_parquet(folder / "a.parquet", written)
    bundles.write_ndjson(folder / "b.ndjson", written)
    bundles.write_csv(folder / "c.csv", written)
    for name, first in (("a.parquet", 1), ("b.ndjson", 1), ("c.csv", 2)):
        lines, bad = read(folder / name, "usage", step)
        assert (lines, bad) == (list(range(first, first + rows)), {})


@pytest.mark.parametrize(
    "odd",
    [
        {"input_tokens": "12"},
        {"input_tokens": 1.5},
        {"model": "a\0b"},
        {"model": "\ud800"},
        {"minhash": "x"},
    ],
)
def test_plain_usage_lines_take_the_fast_way_and_odd_ones_do_not(tmp_path, odd):
    rows = [bundles.plain(row) for row in bundles.usage(6)]
    bundles.write_ndjson(tmp_path / "a.ndjson", rows)
    rows[3] |= odd
    bundles.write_ndjson(tmp_path / "b.ndjson", rows)
    fast = next(read_pieces(source(tmp_path / "a.ndjson", "usage"), rows=10))
    slow = next(read_pieces(source(tmp_path / "b.ndjson", "usage"), rows=10))
    assert fast.table.num_rows == 6
    assert slow.table is None
    assert len(slow.rows) + len(slow.bad) == 6


def test_tables_come_in_loading_order_and_strangers_are_not_read(tmp_path):
    for name in ("usage.ndjson", "accounts.csv", "reference/bins.csv", "notes.txt"):
        bundles.write_lines(tmp_path / name, [json.dumps({}).encode()])
    bundles.write_lines(tmp_path / "events" / "2.ndjson", [b"{}"])
    bundles.write_lines(tmp_path / "events" / "1.ndjson", [b"{}"])
    names = [source.name for source in bundle_sources(tmp_path)]
    assert names == [
        "accounts.csv",
        "events/1.ndjson",
        "events/2.ndjson",
        "usage.ndjson",
    ]
