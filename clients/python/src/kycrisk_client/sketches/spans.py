"""Where a prompt quotes content: fences, tags, quotation marks, and marked text."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

# What the caller knows to be content may be put between these two.
FILLER_START: Final = "\ue000"
FILLER_END: Final = "\ue001"

_FENCE: Final = b"```"
_QUOTE: Final = b'"'
_PAIRS: Final = {
    _FENCE: _FENCE,
    _QUOTE: _QUOTE,
    "\u201c".encode(): "\u201d".encode(),  # curly quotation marks
    "\u00ab".encode(): "\u00bb".encode(),  # guillemets
    "\u300c".encode(): "\u300d".encode(),  # corner brackets
    FILLER_START.encode(): FILLER_END.encode(),
}
_TAG: Final = rb"[A-Za-z][A-Za-z0-9_.-]{0,39}"
_OPENER: Final = re.compile(b"|".join([*map(re.escape, _PAIRS), rb"<" + _TAG + rb">"]))
_CLOSING_TAG: Final = re.compile(rb"</(" + _TAG + rb")>")


def filler_spans(raw: bytes) -> list[tuple[int, int]]:
    """Return (first byte, end) of each quoted span of UTF-8 text, without its marks.

    From the left: an opening mark whose closing mark follows starts a span, inside
    which nothing else counts; one that is never closed is plain text.
    """
    found: list[tuple[int, int]] = []
    closed = _Closers(raw)
    at, search = 0, _OPENER.search
    while mark := search(raw, at):
        at = mark.end()
        if mark[0] == _QUOTE and _escaped(raw, mark.start()):
            continue
        stop = closed.after(mark[0], at)
        if stop is not None:
            found.append((at, stop[0]))
            at = stop[1]
    return found


class _Closers:
    """Closing marks of one text; each text is read once for each kind of mark."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._unclosed: set[bytes] = set()
        self._tags: dict[bytes, list[tuple[int, int]]] | None = None

    def after(self, opener: bytes, at: int) -> tuple[int, int] | None:
        """Return where the closing mark of `opener` starts and ends, from `at` on."""
        if opener in _PAIRS:
            return self._pair(opener, at)
        places = self._tag_places().get(opener[1:-1], [])
        place = bisect_left(places, (at, 0))
        return places[place] if place < len(places) else None

    def _pair(self, opener: bytes, at: int) -> tuple[int, int] | None:
        if opener in self._unclosed:
            return None
        closer = _PAIRS[opener]
        for start in self._places(closer, at):
            if closer != _QUOTE or not _escaped(self._raw, start):
                return start, start + len(closer)
        self._unclosed.add(opener)
        return None

    def _places(self, closer: bytes, at: int) -> Iterator[int]:
        while (start := self._raw.find(closer, at)) >= 0:
            yield start
            at = start + len(closer)

    def _tag_places(self) -> dict[bytes, list[tuple[int, int]]]:
        if self._tags is None:
            self._tags = {}
            for mark in _CLOSING_TAG.finditer(self._raw):
                self._tags.setdefault(mark[1], []).append(mark.span())
        return self._tags


def _escaped(raw: bytes, at: int) -> bool:
    """Whether an odd number of backslashes stands before this byte."""
    start = at
    while start and raw[start - 1] == 0x5C:  # noqa: PLR2004 - a backslash
        start -= 1
    return (at - start) % 2 == 1
