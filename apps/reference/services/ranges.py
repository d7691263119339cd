"""Ranges of addresses: resolve overlaps once, then find a million at a time.

IPv4 addresses are uint32. IPv6 addresses are 16 bytes (numpy S16), which sort and
compare as the numbers they stand for.
"""

import heapq
import ipaddress
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.core.validation.values import QUAD

V4: Final = 4
V6: Final = 16
_FEW: Final = 32
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"


class Range(NamedTuple):
    """Addresses from `start` to `end`, both inside. A higher rank wins an overlap."""

    start: int
    end: int
    value: int
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Ranges:
    """Disjoint sorted ranges of one family, in columns of equal length."""

    start: NDArray[Any]
    end: NDArray[Any]
    value: NDArray[np.int64]

    def find(self, addresses: NDArray[Any]) -> NDArray[np.int64]:
        """Return the value of each address, -1 where no range holds it."""
        if not len(self.start) or not len(addresses):
            return np.full(len(addresses), -1, dtype=np.int64)
        at = np.searchsorted(self.start, addresses, side="right") - 1
        inside = (at >= 0) & (addresses <= self.end[at])
        return np.where(inside, self.value[at], -1)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Distinct parsed addresses, and which of them each input is.

    `which` is int64 [inputs], -1 where the text is no address; numbers up to
    len(v4) name `v4`, those after it `v6`.
    """

    v4: NDArray[np.uint32]
    v6: NDArray[np.bytes_]
    which: NDArray[np.int64]


def resolve(ranges: Iterable[Range]) -> list[Range]:
    """Return disjoint sorted ranges: the highest rank wins, then the narrowest."""
    found: list[Range] = []
    for group in _overlapping(sorted(ranges)):
        if len(group) == 1:
            _extend(found, *group[0][:3])
        else:
            _sweep(group, found)
    return found


def _overlapping(ranges: Iterable[Range]) -> Iterator[list[Range]]:
    """Yield sorted ranges in groups that do not touch each other's addresses."""
    group: list[Range] = []
    last = -1
    for one in ranges:
        if group and one.start > last:
            yield group
            group = []
        group.append(one)
        last = max(last, one.end)
    if group:
        yield group


def _sweep(waiting: Sequence[Range], found: list[Range]) -> None:
    """Append the pieces of ranges that overlap; `waiting` is sorted by start."""
    heap: list[tuple[int, int, int, Range]] = []
    at, position = waiting[0].start, 0
    while position < len(waiting) or heap:
        while position < len(waiting) and waiting[position].start <= at:
            one = waiting[position]
            heapq.heappush(heap, (-one.rank, one.end - one.start, position, one))
            position += 1
        while heap and heap[0][3].end < at:
            heapq.heappop(heap)
        if not heap:
            continue
        best = heap[0][3]
        stop = best.end
        if position < len(waiting):
            stop = min(stop, waiting[position].start - 1)
        _extend(found, at, stop, best.value)
        at = stop + 1


def _extend(found: list[Range], start: int, end: int, value: int) -> None:
    """Append a piece, or lengthen the last one when it continues it."""
    last = found[-1] if found else None
    if last and last.value == value and last.end == start - 1:
        found[-1] = Range(last.start, end, value)
    else:
        found.append(Range(start, end, value))


def columns(ranges: Sequence[Range], width: int) -> Ranges:
    """Turn resolved ranges of one family (width 4 or 16 bytes) into columns."""
    value = np.array([one.value for one in ranges], dtype=np.int64)
    if width == V4:
        return Ranges(
            np.array([one.start for one in ranges], dtype=np.uint32),
            np.array([one.end for one in ranges], dtype=np.uint32),
            value,
        )
    return Ranges(
        np.array([one.start.to_bytes(V6, "big") for one in ranges], dtype="S16"),
        np.array([one.end.to_bytes(V6, "big") for one in ranges], dtype="S16"),
        value,
    )


def parse(texts: Sequence[str | None]) -> Addresses:
    """Parse addresses; equal texts are parsed once, dotted quads in bulk."""
    if len(texts) <= _FEW:
        return _parse_few(texts)
    coded = pa.array(texts, pa.string(), from_pandas=True).dictionary_encode()
    distinct = coded.dictionary
    quads = pc.match_substring_regex(distinct, rf"^{QUAD}$")
    is_quad = quads.to_numpy(zero_copy_only=False)
    number = np.full(len(distinct) + 1, -1, dtype=np.int64)
    v4 = _quads(distinct.filter(quads))
    number[:-1][is_quad] = np.arange(len(v4))
    rest, others, mapped = [], [], []
    for place in np.flatnonzero(~is_quad):
        raw = _packed(distinct[int(place)].as_py())
        if raw and raw.startswith(_MAPPED):
            mapped.append((place, int.from_bytes(raw[12:], "big")))
        elif raw:
            rest.append(place)
            others.append(raw)
    v4 = np.concatenate([v4, np.array([n for _, n in mapped], dtype=np.uint32)])
    number[[place for place, _ in mapped]] = (
        len(v4) - len(mapped) + np.arange(len(mapped))
    )
    number[np.array(rest, dtype=np.int64)] = len(v4) + np.arange(len(rest))
    which = coded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    return Addresses(v4, np.array(others, dtype="S16"), number[which])


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


def _quads(texts: pa.Array) -> NDArray[np.uint32]:
    """Return dotted quads as numbers."""
    parts = pc.list_flatten(pc.split_pattern(texts, "."))
    octets = parts.cast(pa.uint8()).to_numpy(zero_copy_only=False)
    return octets.reshape(-1, 4).astype(np.uint8).view(">u4").ravel().astype(np.uint32)


def _packed(text: str) -> bytes | None:
    try:
        return socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None


def split(
    ranges: Iterable[tuple[str, str, int, int]],
) -> tuple[list[Range], list[Range]]:
    """Sort (first address, last address, value, rank) by family: IPv4, IPv6."""
    families: tuple[list[Range], list[Range]] = ([], [])
    for first, last, value, rank in ranges:
        start, end = address_number(first), address_number(last)
        if start[0] != end[0] or start[1] > end[1]:
            raise ValueError(first)
        families[start[0] == V6].append(Range(start[1], end[1], value, rank))
    return families


def address_number(text: str) -> tuple[int, int]:
    """Return the width in bytes and the number of one address; raise ValueError."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        raw = socket.inet_pton(family, text)
    except OSError as error:
        raise ValueError(text) from error
    return len(raw), int.from_bytes(raw, "big")


def blocks(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return the first and last address of CIDR blocks or single addresses."""
    for text in texts:
        network = ipaddress.ip_network(text, strict=False)
        yield str(network[0]), str(network[-1])
