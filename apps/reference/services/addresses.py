"""Texts of addresses as numbers, a million in one pass over their bytes."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

V4: Final = 4
V6: Final = 16
_FEW: Final = 32
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"
_ZERO, _DOT = 0x30, 0x2E
_DIGITS: Final = 3  # of an octet at most
_DOTS: Final = 3
_TOP: Final = 255
_TEN: Final = 10


@dataclass(frozen=True, slots=True)
class Addresses:
    """Distinct parsed addresses in order, and which of them each input is.

    `which` is int64 [inputs], -1 where the text is no address; numbers below
    len(v4) name `v4`, those after it `v6`.
    """

    v4: NDArray[np.uint32]
    v6: NDArray[np.bytes_]
    which: NDArray[np.int64]


def parse(texts: Sequence[str | None]) -> Addresses:
    """Parse addresses; equal ones are looked up once, in the order of their numbers."""
    if len(texts) <= _FEW:
        return _parse_few(texts)
    array = pa.array(texts, pa.string(), from_pandas=True)
    is_quad, quads = _quads(array)
    rest = np.flatnonzero(~is_quad)
    coded = array.take(pa.array(rest)).dictionary_encode()
    codes = coded.indices.fill_null(len(coded.dictionary)).to_numpy()
    mapped, mapped_at, v6, v6_at = _wide(coded.dictionary.to_pylist())
    v4, order = _distinct(np.concatenate([quads, mapped]))
    place = np.full(len(coded.dictionary) + 1, -1, dtype=np.int64)
    place[mapped_at] = order[len(quads) :]
    v6, order6 = np.unique(v6, return_inverse=True)
    place[v6_at] = len(v4) + order6
    which = np.empty(len(texts), dtype=np.int64)
    which[is_quad] = order[: len(quads)]
    which[rest] = place[codes]
    return Addresses(v4, v6, which)


def _distinct(
    numbers: NDArray[np.uint32],
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the distinct numbers in order, and the place of each number in them."""
    low = np.uint64(0xFFFF_FFFF)
    keys = numbers.astype(np.uint64) << np.uint64(32)
    keys |= np.arange(len(numbers), dtype=np.uint64)
    keys.sort()  # numbers with their places: sorting words is faster than argsort
    ordered = (keys >> np.uint64(32)).astype(np.uint32)
    first = np.ones(len(numbers), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    place = np.empty(len(numbers), dtype=np.int64)
    place[(keys & low).astype(np.int64)] = np.cumsum(first) - 1
    return ordered[first], place


def _wide(
    texts: Sequence[str],
) -> tuple[
    NDArray[np.uint32], NDArray[np.int64], NDArray[np.bytes_], NDArray[np.int64]
]:
    """Return IPv4 numbers of mapped addresses, IPv6 addresses, and where each stood."""
    found, places = [], []
    for at, text in enumerate(texts):
        raw = _packed(text)
        if raw is not None:
            found.append(raw)
            places.append(at)
    table = np.frombuffer(b"".join(found), dtype=np.uint8).reshape(-1, V6)
    where = np.array(places, dtype=np.int64)
    head = np.frombuffer(_MAPPED, dtype=np.uint8)
    is_mapped = (table[:, : len(_MAPPED)] == head).all(axis=1)
    last = np.ascontiguousarray(table[is_mapped, len(_MAPPED) :])
    others = np.ascontiguousarray(table[~is_mapped])
    return (
        last.view(">u4").ravel().astype(np.uint32),
        where[is_mapped],
        others.view("S16").ravel(),
        where[~is_mapped],
    )


def _quads(array: pa.Array) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    """Return which texts are dotted quads, and the numbers of those."""
    _, places, content = array.buffers()
    offsets = np.frombuffer(places, dtype=np.int32, count=len(array) + 1)
    data = np.frombuffer(content or b"", dtype=np.uint8, count=int(offsets[-1]))
    is_dot = data == _DOT
    total = np.zeros(len(data) + 1, dtype=np.int32)
    np.cumsum(is_dot, out=total[1:])
    before = total[offsets]  # dots before each text
    rows = np.flatnonzero(np.diff(before) == _DOTS)
    dots = np.flatnonzero(is_dot)
    first = before[rows]
    inner = [dots[first + at] for at in range(_DOTS)]
    cuts: list[NDArray[Any]] = [offsets[rows] - 1, *inner, offsets[rows + 1]]
    good = np.ones(len(rows), dtype=bool)
    numbers = np.zeros(len(rows), dtype=np.uint32)
    for start, end in pairwise(cuts):
        value, fits = _octets(data, start + 1, end)
        good &= fits
        numbers = (numbers << np.uint32(8)) | value
    is_quad = np.zeros(len(array), dtype=bool)
    is_quad[rows[good]] = True
    return is_quad, numbers[good]


def _octets(
    data: NDArray[np.uint8], start: NDArray[Any], end: NDArray[Any]
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Return the number between two places, and whether it is 0 to 255, written so."""
    size = end - start
    fits = (size >= 1) & (size <= _DIGITS)
    value = np.zeros(len(start), dtype=np.uint32)
    for digit in range(_DIGITS):
        has = size > digit
        worth = data[np.maximum(end - 1 - digit, 0)] - np.uint8(_ZERO)
        fits &= (worth < _TEN) | ~has
        value += np.where(has, worth, 0).astype(np.uint32) * np.uint32(_TEN**digit)
    leading = data[np.minimum(start, len(data) - 1)] == _ZERO if len(data) else fits
    return value, fits & (value <= _TOP) & ~(leading & (size > 1))


def _parse_few(texts: Sequence[str | None]) -> Addresses:
    """Parse a handful without the overhead of bulk."""
    v4: list[int] = []
    v6: list[bytes] = []
    families: list[tuple[int, int]] = []  # (family, place in it), (0, 0) for none
    for text in texts:
        raw = _packed_any(text) if text else None
        if raw is None:
            families.append((0, 0))
        elif len(raw) == V4:
            families.append((V4, len(v4)))
            v4.append(int.from_bytes(raw, "big"))
        else:
            families.append((V6, len(v6)))
            v6.append(raw)
    shift = {0: -1, V4: 0, V6: len(v4)}
    which = [shift[family] + place for family, place in families]
    return Addresses(
        np.array(v4, dtype=np.uint32),
        np.array(v6, dtype="S16"),
        np.array(which, dtype=np.int64),
    )


def _packed_any(text: str) -> bytes | None:
    """Return 4 or 16 bytes; an IPv4-mapped address is its IPv4."""
    if ":" in text:
        raw = _packed(text)
        return raw[12:] if raw and raw.startswith(_MAPPED) else raw
    try:
        return socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def _packed(text: str) -> bytes | None:
    try:
        return socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None
