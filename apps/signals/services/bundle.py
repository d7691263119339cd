"""The files of a bundle, read in bounded pieces whatever their form."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
import pyarrow.json as arrow_json
import pyarrow.parquet as pq

from apps.core import strict_json
from apps.core.errors import DomainError
from apps.core.validation import RAW_TABLES
from apps.core.validation.vectors import arrow_type
from apps.signals.choices import BUNDLE_ORDER
from apps.signals.services.csv_rows import read_csv
from apps.signals.services.pieces import LINE_MAX, Bad, Piece, Source, open_stream

FORMS: Final = (".parquet", ".ndjson", ".ndjson.gz", ".csv", ".csv.gz")
_READ: Final = 4 << 20
# No row with its required columns is shorter; a blank line is.
SHORTEST: Final = 8
_BLOCK: Final = 16 << 20
_SPECIAL: Final = (b"\\u0000", b"\\ud", b"\\uD", b"\x00", b"NaN", b"Infinity")
_USAGE_SCHEMA: Final = pa.schema(
    (column.name, pa.string() if column.kind == "timestamp" else arrow_type(column))
    for column in RAW_TABLES["usage"]
)


def bundle_sources(folder: Path) -> list[Source]:
    """Return the files of a bundle in loading order; other files are not touched."""
    return [
        Source(
            table=table,
            path=path,
            name=path.relative_to(folder).as_posix(),
            sha256=_sha256(path),
            size=path.stat().st_size,
        )
        for table in BUNDLE_ORDER
        for path in _table_files(folder, table)
    ]


def _table_files(folder: Path, table: str) -> list[Path]:
    """Return NAME.<form> and the files in NAME/, in the order of their names."""
    single = [folder / f"{table}{form}" for form in FORMS]
    inside = sorted((folder / table).rglob("*")) if (folder / table).is_dir() else []
    return [
        path
        for path in [*single, *inside]
        if path.is_file() and path.name.endswith(FORMS) and path.name[0] not in "._"
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_pieces(source: Source, *, rows: int) -> Iterator[Piece]:
    """Read a file in pieces of at most `rows` rows; a damaged file ends with a Bad."""
    if source.path.name.endswith(".parquet"):
        return _parquet(source, rows)
    if ".ndjson" in source.path.name:
        return _ndjson(source, rows)
    return read_csv(source, rows)


def _parquet(source: Source, rows: int) -> Iterator[Piece]:
    line = 1
    try:
        with pq.ParquetFile(source.path) as file:
            total = max(file.metadata.num_rows, 1)
            for batch in _merged(file, rows):
                done = line - 1 + batch.num_rows
                yield Piece(line, source.size * done // total, batch)
                line += batch.num_rows
    except (pa.ArrowException, OSError):
        yield Piece(line, source.size, bad=[Bad(line, "file", "unreadable_file")])


def _merged(file: pq.ParquetFile, rows: int) -> Iterator[pa.Table]:
    """Join small batches of row groups up to `rows`.

    Each row group is read by a reader of its own: one for all of them lets nothing go
    until the file's end (pyarrow 26; 3.4 GB of 16 M exchanges).
    """
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in _batches(file, rows):
        if held and count + batch.num_rows > rows:
            yield pa.Table.from_batches(held)
            held, count = [], 0
        held.append(batch)
        count += batch.num_rows
    if held:
        yield pa.Table.from_batches(held)


def _batches(file: pq.ParquetFile, rows: int) -> Iterator[pa.RecordBatch]:
    for group in range(file.num_row_groups):
        yield from file.iter_batches(rows, row_groups=[group], use_threads=False)


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Yield lines; None stands for one that is longer than LINE_MAX."""
    while line := stream.readline(LINE_MAX):
        if len(line) < LINE_MAX or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_READ)
        yield None


def _ndjson(source: Source, rows: int) -> Iterator[Piece]:
    stream, raw = open_stream(source.path)
    first, held, broken = 1, list[bytes | None](), False
    with raw:
        lines = _lines(stream)
        while not broken:
            try:
                held.append(next(lines))
            except StopIteration:
                break
            except (OSError, EOFError, zlib.error):
                broken = True
            if len(held) >= rows:
                yield _decoded(source.table, first, held, raw.tell())
                first, held = first + len(held), []
    piece = _decoded(source.table, first, held, source.size)
    if broken:
        piece.bad.append(Bad(first + len(held), "file", "unreadable_file"))
    yield piece


def _decoded(table: str, first: int, lines: list[bytes | None], read: int) -> Piece:
    """Decode lines: usage at once where it is plain, everything else line by line."""
    piece = Piece(first, read)
    if table == "usage" and lines:
        piece.table = _plain(lines)
    if piece.table is None:
        for number, line in enumerate(lines, start=first):
            _read_line(piece, number, line)
    return piece


def _plain(lines: list[bytes | None]) -> pa.Table | None:
    """Return exchanges decoded by Arrow, or None where a line needs the strict reader.

    Arrow refuses wrong types; what it would let pass (NUL, lone surrogates, bad UTF-8,
    NaN, blank lines) is looked for first.
    """
    if any(line is None or len(line) < SHORTEST for line in lines):
        return None
    data = b"".join(line for line in lines if line is not None)
    if any(mark in data for mark in _SPECIAL):
        return None
    try:
        data.decode()
        table = arrow_json.read_json(
            pa.BufferReader(data),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=arrow_json.ParseOptions(
                explicit_schema=_USAGE_SCHEMA, unexpected_field_behavior="infer"
            ),
        )
    except (UnicodeDecodeError, pa.ArrowException):
        return None
    return table if table.num_rows == len(lines) else None


def _read_line(piece: Piece, number: int, line: bytes | None) -> None:
    if line is None:
        piece.bad.append(Bad(number, "row", "body_too_large"))
    elif line.strip():
        try:
            row = strict_json.loads(line)
        except DomainError as error:
            pointer = error.problems[0].pointer if error.problems else ""
            piece.bad.append(Bad(number, pointer.strip("/") or "row", error.code))
            return
        if isinstance(row, dict):
            piece.rows.append(row)
            piece.lines.append(number)
        else:
            piece.bad.append(Bad(number, "row", "wrong_type"))


def reject_line(line: int, field_name: str, code: str, problem: str) -> str:
    """Return one line of a rejects file; it never holds a value."""
    return json.dumps(
        {"line": line, "field": field_name, "code": code, "problem": problem}
    )
