"""A stranger's file as rows of cells; its damage is passed on to the importer."""

import csv
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from apps.assessments.errors import UnreadableFileError
from apps.assessments.policy.conversion import is_nothing
from apps.assessments.policy.mapping import Seen
from apps.assessments.services.intake.opening import Form, opened
from apps.core.csv_rows import csv_rows, is_utf8

MOST_COLUMNS: Final = 512
SAMPLE_ROWS: Final = 2_000
_SAMPLE_CELLS: Final = 200
_SAMPLE_SIZE: Final = 16 << 20
_LINE_MAX: Final = 1 << 20
_HEADER_MAX: Final = 128
_BATCH: Final = 20_000
# What stands in rows and never in names: addresses, moments, numbers.
_DATA: Final = re.compile(
    r"\S+@\S+\.\S+|\d{1,3}(\.\d{1,3}){3}|\d{4}-\d\d-\d\d.*|[+\-]?\d[\d.,/ \-]*"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its line; `cells` is the name of the damage where it has none."""

    line: int
    cells: Sequence[Any] | Literal["broken", "width", "not_utf8"]


def header_of(path: Path, form: Form) -> list[str]:
    """Return the names of the columns; raises UnreadableFileError."""
    names = _NAMES[form.kind](path, form)
    if len(names) > MOST_COLUMNS:
        raise UnreadableFileError(
            f"The file has {len(names):,} columns; at most {MOST_COLUMNS} are read."
        )
    names = [name.strip() or f"column {at}" for at, name in enumerate(names, 1)]
    if any(len(name) > _HEADER_MAX or _DATA.fullmatch(name) for name in names):
        raise UnreadableFileError(
            "The first line looks like data; put a line with the names of the columns"
            " above it."
        )
    if twice := [at for at, name in enumerate(names, 1) if name in names[: at - 1]]:
        raise UnreadableFileError(
            f"Column {twice[0]} has the name of an earlier column; rename one of them."
        )
    return names


def sample(path: Path, form: Form, header: Sequence[str]) -> tuple[list[Seen], int]:
    """Return some filled cells of each column, and how many rows were looked at."""
    columns: list[list[Any]] = [[] for _ in header]
    count = size = 0
    for row in islice(rows_of(path, form, header), SAMPLE_ROWS):
        count += 1
        size += sum(len(cell) for cell in row.cells if isinstance(cell, str))
        if size > _SAMPLE_SIZE:
            break
        if isinstance(row.cells, str):
            continue
        for cells, cell in zip(columns, row.cells, strict=True):
            if len(cells) < _SAMPLE_CELLS and not is_nothing(cell):
                cells.append(cell)
    if not count:
        raise UnreadableFileError("The file has names of columns but no row below.")
    pairs = zip(header, columns, strict=True)
    return [Seen(name, cells) for name, cells in pairs], count


def rows_of(path: Path, form: Form, header: Sequence[str]) -> Iterator[Row]:
    """Yield every row; raises UnreadableFileError where the file ends in damage."""
    try:
        yield from _ROWS[form.kind](path, form, header)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise UnreadableFileError("The file is damaged or ends early.") from error


def _csv_names(path: Path, form: Form) -> list[str]:
    for row in _reader(path, form):
        if isinstance(row.cells, str):
            raise UnreadableFileError("The first line is not well-formed CSV.")
        return list(row.cells)
    raise UnreadableFileError("The file is empty.")


def _csv_rows(path: Path, form: Form, header: Sequence[str]) -> Iterator[Row]:
    rows = _reader(path, form)
    next(rows, None)
    for row in rows:
        if isinstance(row.cells, str) or len(row.cells) == len(header):
            yield row
        elif row.cells:
            yield Row(row.line, "width")


def _reader(path: Path, form: Form) -> Iterator[Row]:
    with opened(path, form) as stream:
        text = io.TextIOWrapper(
            stream, "utf-8-sig", errors="surrogateescape", newline=""
        )
        reader = csv.reader(text, delimiter=form.delimiter, strict=True)
        for line, cells in csv_rows(reader):
            if cells is None:
                yield Row(line, "broken")
            else:
                yield Row(line, cells if is_utf8(cells) else "not_utf8")


def _ndjson_names(path: Path, form: Form) -> list[str]:
    """Return the keys of the first rows, in the order in which they come."""
    names: dict[str, None] = {}
    with opened(path, form) as stream:
        for line in islice(stream, SAMPLE_ROWS):
            found = _object(line)
            names |= dict.fromkeys(found or {})
            if len(names) > MOST_COLUMNS:
                break
    if not names:
        raise UnreadableFileError("No line of the file holds a JSON object.")
    return list(names)


def _ndjson_rows(path: Path, form: Form, header: Sequence[str]) -> Iterator[Row]:
    with opened(path, form) as stream:
        number = 0
        while line := stream.readline(_LINE_MAX):
            number += 1
            if line.strip():
                found = _object(line)
                cells = "broken" if found is None else [found.get(n) for n in header]
                yield Row(number, cells)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _parquet_names(path: Path, form: Form) -> list[str]:  # noqa: ARG001 - as its kin
    # pyarrow takes a quarter of a second, which other pages need not pay.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError("The Parquet file is damaged.") from error
    return list(schema.names)


def _parquet_rows(path: Path, form: Form, header: Sequence[str]) -> Iterator[Row]:  # noqa: ARG001 - as its kin
    # As above.
    import pyarrow as pa
    import pyarrow.parquet as pq

    line = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    line += 1
                    yield Row(line, cells)
    except pa.ArrowException as error:
        raise UnreadableFileError("The Parquet file is damaged.") from error


_NAMES: Final = {"csv": _csv_names, "ndjson": _ndjson_names, "parquet": _parquet_names}
_ROWS: Final = {"csv": _csv_rows, "ndjson": _ndjson_rows, "parquet": _parquet_rows}
