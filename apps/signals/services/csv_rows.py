"""CSV files in pieces: usage in columns where its lines are plain, the rest by row."""

import csv
import io
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO, Final

import pyarrow as pa

from apps.core.csv_rows import csv_rows, is_utf8
from apps.core.validation import row_from_text
from apps.signals.services.csv_columns import plain_columns
from apps.signals.services.pieces import LINE_MAX, Bad, Piece, Source, open_stream

# Lines that are judged together: one odd line sends so many through the row reader.
_RUN: Final = 5_000
csv.field_size_limit(LINE_MAX)


def read_csv(source: Source, rows: int) -> Iterator[Piece]:
    """Read a CSV file in pieces of at most `rows` rows."""
    if source.table == "usage":
        return _runs(source, rows)
    return _rows(source, rows)


class _Feed:
    """Lines of a file: a run of them to look at, or one by one as text."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.number, self.broken = 0, False
        self._stream, self._held = stream, deque[bytes]()

    def ahead(self, count: int) -> list[bytes]:
        """Return up to so many lines that are still to come, without taking them."""
        while len(self._held) < count and (line := self._read()):
            self._held.append(line)
        return list(self._held)

    def take(self, count: int) -> None:
        for _ in range(count):
            self._held.popleft()
        self.number += count

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._held.popleft() if self._held else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        form = "utf-8-sig" if self.number == 1 else "utf-8"
        return line.decode(form, errors="surrogateescape")

    def _read(self) -> bytes:
        try:
            return self._stream.readline()
        except (OSError, EOFError, zlib.error):
            self.broken = True
            return b""


def _runs(source: Source, rows: int) -> Iterator[Piece]:
    """Read usage: runs of plain lines become columns, other runs go row by row."""
    stream, raw = open_stream(source.path)
    with raw:
        feed = _Feed(stream)
        header = next(csv.reader(feed), [])
        held, first = list[pa.Table](), feed.number + 1
        while run := feed.ahead(_RUN):
            table = plain_columns(run, header)
            full = sum(one.num_rows for one in held) + len(run) > rows
            if held and (table is None or full):
                yield Piece(first, raw.tell(), pa.concat_tables(held))
                held, first = [], feed.number + 1
            if table is None:
                yield _by_row(feed, len(run), source.table, header, raw.tell())
                first = feed.number + 1
            else:
                feed.take(len(run))
                held.append(table)
        piece = Piece(first, source.size, pa.concat_tables(held) if held else None)
        if feed.broken:
            piece.bad.append(Bad(feed.number + 1, "file", "unreadable_file"))
        yield piece


def _by_row(
    feed: _Feed, lines: int, table: str, header: Sequence[str], read: int
) -> Piece:
    """Read so many lines row by row, and more where the last row goes on."""
    above = feed.number
    piece = Piece(above + 1, read)
    for line, row in csv_rows(csv.reader(feed, strict=True)):
        _read_row(piece, table, above + line, header, row)
        if feed.number >= above + lines:
            break
    return piece


def _rows(source: Source, rows: int) -> Iterator[Piece]:
    stream, raw = open_stream(source.path)
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    with raw:
        reader = csv.reader(text, strict=True)
        header: list[str] | None = None
        piece = Piece(2, 0)
        try:
            for line, row in csv_rows(reader):
                if header is None and row is not None:
                    header = row
                    continue
                _read_row(piece, source.table, line, header or [], row)
                if len(piece.lines) + len(piece.bad) >= rows:
                    piece.read = raw.tell()
                    yield piece
                    piece = Piece(reader.line_num + 1, 0)
        except (OSError, EOFError, zlib.error):
            piece.bad.append(Bad(reader.line_num + 1, "file", "unreadable_file"))
    piece.read = source.size
    yield piece


def _read_row(
    piece: Piece,
    table: str,
    line: int,
    header: Sequence[str],
    row: Sequence[str] | None,
) -> None:
    if row == []:  # an empty line
        return
    if row is None:
        piece.bad.append(Bad(line, "row", "csv_row_broken"))
    elif len(row) != len(header):
        piece.bad.append(Bad(line, "row", "csv_row_width"))
    elif not is_utf8(row):
        piece.bad.append(Bad(line, "row", "not_utf8"))
    else:
        piece.rows.append(row_from_text(table, dict(zip(header, row, strict=True))))
        piece.lines.append(line)
