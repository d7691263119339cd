"""One stretch of the log, read back and rehashed. Workers of verify run this."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from apps.audit import merkle
from apps.audit.body import EntryRow, fault

# Ranges start at multiples of this, so that the hashes of their subtrees fit together.
RANGE = 1 << 16
_PAGE = 1 << 12
_READ = (
    "SELECT l.idx, l.entry_id, l.leaf, e.* FROM audit.leaf l"
    " LEFT JOIN audit.entry e ON e.id = l.entry_id"
    " WHERE l.idx >= %s AND l.idx < %s ORDER BY l.idx"
)
Peaks = list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Problem:
    """One difference; `entry_id` names the entry wherever there is one."""

    code: str
    text: str
    entry_id: str | None = None
    index: int | None = None


@dataclass(slots=True)
class RangeResult:
    """Subtree hashes of leaves [start, end), and of [start, mark) for wanted marks."""

    start: int
    end: int
    peaks: Peaks = field(default_factory=list)
    marks: dict[int, Peaks] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def cuts(start: int, size: int) -> Iterator[tuple[int, int]]:
    """Split [start, size) into ranges that end at multiples of RANGE, or at `size`."""
    while start < size:
        end = min(size, (start // RANGE + 1) * RANGE)
        yield start, end
        start = end


def check_range(start: int, end: int, marks: list[int]) -> RangeResult:
    """Recompute the leaves of [start, end) from the stored bodies.

    Where `start` is no multiple of RANGE, peaks hold single leaves up to the next one.
    """
    result = RangeResult(start, end)
    wanted = {mark for mark in marks if start < mark <= end}
    peaks: Peaks = []
    at = start
    for page in range(start, end, _PAGE):
        for index, entry_id, leaf, *columns in _page(page, min(end, page + _PAGE)):
            if index != at:
                result.problems.append(_gap(at))
                return result
            _check(index, entry_id, leaf, columns, result.problems)
            _push(peaks, leaf, at)
            at += 1
            if at in wanted:
                result.marks[at] = list(peaks)
    if at != end:
        result.problems.append(_gap(at))
    result.peaks = peaks
    return result


def _page(start: int, end: int) -> Iterator[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [start, end])
        for row in cursor.fetchall():
            yield [bytes(x) if isinstance(x, memoryview) else x for x in row]


def _push(peaks: Peaks, hashed: bytes, index: int) -> None:
    """Add a leaf; two complete siblings become one only where both lie in the range."""
    level = 0
    while peaks and peaks[-1][0] == level and index >> level & 1:
        hashed = merkle.node_hash(peaks.pop()[1], hashed)
        level += 1
    peaks.append((level, hashed))


def _gap(index: int) -> Problem:
    return Problem("gap", f"leaf {index} is missing", index=index)


def _check(
    index: int,
    entry_id: object,
    leaf: bytes,
    columns: list[Any],
    problems: list[Problem],
) -> None:
    if columns[0] is None:
        text = f"entry {entry_id} of leaf {index} is gone"
        problems.append(Problem("entry_gone", text, str(entry_id), index))
        return
    row = EntryRow(*columns)
    wrong = fault(row)
    if wrong is None and row.leaf != leaf:
        wrong = "its leaf is not the one in the tree"
    if wrong is not None:
        text = f"entry {entry_id} (leaf {index}): {wrong}"
        problems.append(Problem("entry_changed", text, str(entry_id), index))
