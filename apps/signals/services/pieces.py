"""What a bundle's files are read into."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa

LINE_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a table. `name` is relative to the bundle."""

    table: str
    path: Path
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that holds no row at all."""

    line: int
    field: str
    code: str


@dataclass(slots=True)
class Piece:
    """A run of rows: an Arrow table, or objects with their lines; lines count from 1.

    `read` is how far into the file (bytes or, in Parquet, its share) the piece ends.
    """

    first_line: int
    read: int
    table: pa.Table | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)


def open_stream(path: Path) -> tuple[IO[bytes], IO[bytes]]:
    """Return the stream of bytes and the file below it, whose position is progress."""
    raw = path.open("rb")
    if path.name.endswith(".gz"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)), raw
    return raw, raw
