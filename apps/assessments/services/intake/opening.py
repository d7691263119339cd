"""What kind of file it is, told from its first bytes and never from its name."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, cast

from apps.assessments.errors import UnreadableFileError

Kind = Literal["csv", "ndjson", "parquet"]
_HEAD: Final = 1 << 20
_DELIMITERS: Final = (",", ";", "\t", "|")
# Text shrinks by a factor of ten; what grows a hundredfold was made to fill a disk.
_RATIO: Final = 100
_HARMLESS: Final = 64 << 20
_READ: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    kind: Kind
    gzipped: bool = False
    delimiter: str = ","

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "gzipped": self.gzipped,
            "delimiter": self.delimiter,
        }


def form_of(path: Path) -> Form:
    """Tell how a file is written from its first bytes, never from its name.

    Raises UnreadableFileError with a sentence for what is no table at all.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise UnreadableFileError("The file is empty.")
    if start.startswith(b"PAR1"):
        return Form("parquet")
    if start.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFileError(
            "This is a spreadsheet or an archive; save the sheet as CSV (UTF-8)."
        )
    gzipped = start.startswith(b"\x1f\x8b")
    head = _head(path, gzipped=gzipped)
    if head.lstrip()[:1] == "[":
        raise UnreadableFileError("This is one JSON list; write one object a line.")
    if head.lstrip()[:1] == "{":
        return Form("ndjson", gzipped)
    return Form("csv", gzipped, _delimiter(head))


class _Bounded(io.RawIOBase):
    """Decompressed bytes, until there are suspiciously many of them."""

    def __init__(self, path: Path) -> None:
        self._stream = gzip.open(path)  # noqa: SIM115 - closed in close()
        self._limit = max(_HARMLESS, path.stat().st_size * _RATIO)
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._stream.readinto(buffer)
        self._read += count
        if self._read > self._limit:
            raise UnreadableFileError(
                f"Unpacked, the file is more than {_RATIO} times as large; send it"
                " unpacked."
            )
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def opened(path: Path, form: Form) -> IO[bytes]:
    """Return the plain bytes; raises UnreadableFileError when they never end."""
    if not form.gzipped:
        return path.open("rb")
    return cast("IO[bytes]", io.BufferedReader(_Bounded(path), _READ))


def _head(path: Path, *, gzipped: bool) -> str:
    """Return the beginning as text, whole lines; raises UnreadableFileError."""
    try:
        with opened(path, Form("csv", gzipped)) as stream:
            raw = stream.read(_HEAD)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError("The file is damaged or ends early.") from error
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError("This is UTF-16; save the file as UTF-8.")
    if b"\0" in raw:
        raise UnreadableFileError("The file holds NUL bytes; it is not a text file.")
    if len(raw) == _HEAD:
        raw = raw[: raw.rfind(b"\n") + 1] or raw
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        first = raw.partition(b"\n")[0]
        if not _is_utf8(first) or not _is_mostly_utf8(raw):
            sentence = "This is not UTF-8; save the file as CSV (UTF-8)."
            raise UnreadableFileError(sentence) from error
        text = raw.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise UnreadableFileError("The file is empty.")
    return text


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(raw: bytes) -> bool:
    """Whether only single lines are in another encoding: those rows are refused."""
    lines = raw.splitlines()
    return sum(map(_is_utf8, lines)) >= 0.8 * len(lines)


def _delimiter(head: str) -> str:
    """Return the mark that splits the first lines into equally many cells."""
    lines = head.splitlines()[:50]

    def fit(mark: str) -> tuple[int, int]:
        widths = [len(row) for row in _parsed(lines, mark) if row]
        first = widths[0] if widths else 1
        same = sum(width == first for width in widths)
        return (same if first > 1 else 0, first)

    return max(_DELIMITERS, key=fit)


def _parsed(lines: Iterable[str], mark: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=mark))
    except csv.Error:
        return []
