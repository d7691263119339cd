"""Prompts to streams of token digests, many prompts in one pass over their bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kycrisk_client.sketches.keys import SketchKey
from kycrisk_client.sketches.spans import filler_spans

Words = NDArray[np.uint64]
Places = NDArray[np.int64]

PART_BYTES: Final = 65_536  # of each part of a prompt; what follows is not sketched
LONG_TOKEN: Final = 25  # bytes of ASCII: no word is so long, an id may be
_WORD_SIZE: Final = 64
# Letters to lower case; what is neither word nor high byte becomes a blank.
_TABLE: Final = bytes(
    ord(chr(code).lower()) if chr(code).isalnum() or code == ord("_") else 0x20
    for code in range(128)
) + bytes(range(128, 256))
_LONE: Final = dict.fromkeys(range(55296, 57344), "�")


class Prompt(NamedTuple):
    """A prompt as the model got it: system text, and the newest user text."""

    user: str
    system: str = ""


@dataclass(frozen=True, slots=True)
class Streams:
    """Token digests of many prompts, in order; `bounds` has one more entry.

    Prompt p has masked tokens masked[bounds[p]:bounds[p + 1]], of which the first
    `system[p]` are of its system text, and the masked-out tokens
    filler[filler_bounds[p]:filler_bounds[p + 1]]. `tokens` counts its plain tokens.
    """

    masked: Words
    bounds: Places
    system: Places
    filler: Words
    filler_bounds: Places
    tokens: Places


@dataclass(frozen=True, slots=True)
class _Buffer:
    """The bytes of many prompts: two segments each, system and user."""

    data: NDArray[np.uint8]
    bounds: Places  # where segments start, and the end
    openings: Places  # the last byte of each mark that opens a span
    spans: NDArray[np.int64]  # [spans, 2]: first byte and end


class Tokenizer:
    """Cuts, masks and digests tokens under one key."""

    def __init__(self, key: SketchKey) -> None:
        self._key = key
        self._powers = _Powers(key.byte_base)

    def streams(self, prompts: Sequence[Prompt]) -> Streams:
        """Return the masked tokens and the masked-out tokens of each prompt."""
        buffer = _filled(prompts)
        starts, ends = _cut(buffer)
        digest = self._powers.digests(buffer.data, starts, ends)
        marks = np.zeros(len(starts), dtype=bool)
        marks[np.searchsorted(starts, buffer.openings)] = True
        filler = (_in_spans(buffer, starts) | _varies(buffer, starts, ends)) & ~marks
        hidden = filler | marks
        digest[marks] = self._key.mask
        segments = np.searchsorted(starts, buffer.bounds)
        fillers = _counted(filler, segments[::2])
        masked = np.where(hidden, np.uint64(self._key.mask), digest)
        kept = _runs_once(hidden, segments)
        bounds = _counted(kept, segments)
        return Streams(
            masked=masked[kept],
            bounds=bounds[::2],
            system=(bounds[1:] - bounds[:-1])[::2],
            filler=digest[filler],
            filler_bounds=fillers,
            tokens=np.diff(_counted(~marks, segments[::2])),
        )


def _filled(prompts: Sequence[Prompt]) -> _Buffer:
    """Join the bytes of all prompts, with a blank after each segment."""
    pieces: list[bytes] = []
    bounds, spans = [0], []
    for prompt in prompts:
        for text in (prompt.system, prompt.user):
            raw = _encoded(text)
            base = bounds[-1]
            spans += [(base + first, base + end) for first, end in filler_spans(raw)]
            pieces.append(raw)
            bounds.append(base + len(raw) + 1)
    joined = b" ".join([*pieces, b""]).translate(_TABLE)
    table = np.array(spans, dtype=np.int64).reshape(-1, 2)
    return _Buffer(
        np.frombuffer(joined, dtype=np.uint8), np.array(bounds), table[:, 0] - 1, table
    )


def _encoded(text: str) -> bytes:
    try:
        return text.encode()[:PART_BYTES]
    except UnicodeEncodeError:  # lone surrogates have no bytes of their own
        return text.translate(_LONE).encode()[:PART_BYTES]


def _cut(buffer: _Buffer) -> tuple[Places, Places]:
    """Return where tokens start and end."""
    data = buffer.data
    word = data != 0x20  # noqa: PLR2004 - a blank
    cut = np.zeros(len(data) + 1, dtype=bool)
    _split_high_bytes(data, word, cut)
    word[buffer.openings] = True
    cut[buffer.openings] = True
    cut[buffer.openings + 1] = True
    joined = word[1:] & word[:-1] & ~cut[1:-1]  # byte i + 1 continues the token of i
    first, last = word.copy(), word.copy()
    first[1:] &= ~joined
    last[:-1] &= ~joined
    return np.flatnonzero(first), np.flatnonzero(last) + 1


def _split_high_bytes(
    data: NDArray[np.uint8], word: NDArray[np.bool_], cut: NDArray[np.bool_]
) -> None:
    """Blank punctuation beyond ASCII; make each character from U+3000 on a token.

    Blanked are U+0080-00BF, U+2000-207F, U+3000-303F and U+E000-E07F.
    """
    if not len(data) or int(data.max()) < 0x80:  # noqa: PLR2004 - ASCII
        return
    after = np.append(data[1:], 0).astype(np.uint8)
    low = (after & 0xFE) == 0x80  # noqa: PLR2004 - continuation 80 or 81
    blank = (data == 0xE2) | (data == 0xEE)  # noqa: PLR2004 - leads of U+2000 and U+E000
    three = np.flatnonzero((blank & low) | ((data == 0xE3) & (after == 0x80)))  # noqa: PLR2004 - and all of U+3000-303F
    two = np.flatnonzero(data == 0xC2)  # noqa: PLR2004 - lead of U+0080-00BF
    leads = np.flatnonzero(data >= 0xE3)  # noqa: PLR2004 - leads from U+3000 on
    cut[leads] = True
    size = np.where(data[leads] >= 0xF0, 4, 3)  # noqa: PLR2004 - leads of four bytes
    cut[np.minimum(leads + size, len(data))] = True
    for places, width in ((three, 3), (two, 2)):
        for shift in range(width):
            word[np.minimum(places + shift, len(data) - 1)] = False


def _in_spans(buffer: _Buffer, starts: Places) -> NDArray[np.bool_]:
    """Return which tokens stand inside a quoted span."""
    steps = np.zeros(len(starts) + 1, dtype=np.int64)
    if len(buffer.spans):
        np.add.at(steps, np.searchsorted(starts, buffer.spans[:, 0]), 1)
        np.add.at(steps, np.searchsorted(starts, buffer.spans[:, 1]), -1)
    return np.cumsum(steps)[:-1] > 0


def _varies(buffer: _Buffer, starts: Places, ends: Places) -> NDArray[np.bool_]:
    """Return which tokens are numbers or ids: they hold a digit, or are very long."""
    found = np.zeros(len(starts), dtype=bool)
    digits = np.flatnonzero((buffer.data - np.uint8(0x30)) < 10)  # noqa: PLR2004 - 0 to 9
    found[np.searchsorted(starts, digits, side="right") - 1] = True
    for token in np.flatnonzero(ends - starts >= LONG_TOKEN):
        some = buffer.data[starts[token] : ends[token]]
        found[token] |= bool(some.max() < 0x80)  # noqa: PLR2004 - ASCII
    return found


def _runs_once(hidden: NDArray[np.bool_], segments: Places) -> NDArray[np.bool_]:
    """Keep plain tokens, and the first of each run of hidden ones in a segment."""
    kept = np.ones(len(hidden), dtype=bool)
    kept[1:] = ~(hidden[1:] & hidden[:-1])
    firsts = segments[segments < len(hidden)]
    kept[firsts] = True
    return kept


def _counted(flags: NDArray[np.bool_], bounds: Places) -> Places:
    """Return how many flags are set before each bound."""
    total = np.zeros(len(flags) + 1, dtype=np.int64)
    np.cumsum(flags, out=total[1:])
    return total[bounds]


class _Powers:
    """base ** i and base ** -i modulo 2 ** 64, as far as they were needed."""

    def __init__(self, base: int) -> None:
        self._base = base
        self._inverse = pow(base, -1, 1 << _WORD_SIZE)
        self._table = np.ones((2, 1), dtype=np.uint64)

    def digests(self, data: NDArray[np.uint8], starts: Places, ends: Places) -> Words:
        """Return the sum of byte_k * base ** k over the bytes of each token."""
        powers, inverses = self._upto(len(data))
        total = np.zeros(len(data) + 1, dtype=np.uint64)
        np.cumsum(powers[: len(data)] * data, out=total[1:])
        found: Words = (total[ends] - total[starts]) * inverses[starts]
        return found

    def _upto(self, size: int) -> NDArray[Any]:
        while self._table.shape[1] < size:
            length = self._table.shape[1]
            steps = [pow(base, length, 1 << _WORD_SIZE) for base in self._bases]
            factor = np.array(steps, dtype=np.uint64)[:, None]
            self._table = np.concatenate([self._table, self._table * factor], axis=1)
        return self._table

    @cached_property
    def _bases(self) -> tuple[int, int]:
        return self._base, self._inverse
