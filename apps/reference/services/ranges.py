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
from numpy.typing import NDArray

V4: Final = 4
V6: Final = 16


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
        """Return the value of each address, -1 where no range holds it.

        Several times faster where the addresses come in order.
        """
        if not len(self.start) or not len(addresses):
            return np.full(len(addresses), -1, dtype=np.int64)
        wide = self.start.dtype.itemsize == V6
        at = (_last_wide if wide else _last)(self.start, addresses)
        inside = (at >= 0) & (addresses <= self.end[at])
        return np.where(inside, self.value[at], -1)


def _last(starts: NDArray[Any], addresses: NDArray[Any]) -> NDArray[np.int64]:
    """Return the place of the last start that is not above each address, or -1."""
    return np.searchsorted(starts, addresses, side="right") - 1


def _last_wide(starts: NDArray[Any], addresses: NDArray[Any]) -> NDArray[np.int64]:
    """Return the same for 16 bytes: their upper halves decide nearly always."""
    upper, asked = _upper(starts), _upper(addresses)
    at = _last(upper, asked)
    tied = np.flatnonzero((at >= 0) & (upper[at] == asked))
    at[tied] = _last(starts, addresses[tied])
    return at


def _upper(addresses: NDArray[Any]) -> NDArray[np.uint64]:
    words = np.ascontiguousarray(addresses).view(">u8")
    return words[::2].astype(np.uint64)


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
