"""Check the whole log: entries, tree, checkpoints, signatures, what lies outside."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from multiprocessing import get_context

from django.conf import settings
from django.db import connection

from apps.audit import completeness, merkle, sequencer
from apps.audit.promises import Promise, outside, promises
from apps.audit.ranges import Problem, RangeResult, check_range, cuts

# Up to here a check without --full reads everything again: it takes seconds.
SMALL = 500_000
MAX_PROBLEMS = 20


@dataclass(slots=True)
class Report:
    """What was checked and what differs; the first problem comes first."""

    size: int
    start: int
    root: str = ""
    checkpoints: int = 0
    pending: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, problems: list[Problem]) -> None:
        self.problems.extend(problems[: MAX_PROBLEMS - len(self.problems)])


def check_log(
    *,
    full: bool,
    at: datetime,
    procs: int = 1,
    advance: Callable[[int], None] = lambda _: None,
) -> Report:
    """Check every entry from `start` on: 0 if `full` or the log is small.

    Otherwise from where the last clean check ended, whose root must still hold.
    What waits for its place or its signature at `at` counts once it is a minute late.
    `advance` is told how many leaves were read.
    """
    kept = outside()
    size, root = _newest()
    verified = sequencer.read_state(sequencer.VERIFIED)
    start = 0
    if not full and size > SMALL and verified and verified.size <= size:
        start = verified.size
    report = Report(size=size, start=start, root=root.hex())
    promised = promises(kept=kept, start=start, size=size, at=at)
    report.checkpoints = promised.checkpoints
    made = list(promised.made)
    if verified:
        made.append(Promise(verified.size, verified.root, "the last clean check"))
    _walk(report, made, procs, advance)
    report.add(promised.problems)
    report.pending, problems = completeness.check(size=size, at=at)
    report.add(problems)
    report.add(completeness.check_nodes(start=start))
    return report


def remember(report: Report) -> None:
    """Let the next incremental check start where this clean one ended."""
    if report.size and not report.problems:
        state = sequencer.State(report.size, bytes.fromhex(report.root))
        sequencer.write_state(sequencer.VERIFIED, state)


def _newest() -> tuple[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT size, root FROM audit.checkpoint ORDER BY size DESC LIMIT 1"
        )
        row = cursor.fetchone()
    return (row[0], bytes(row[1])) if row else (0, merkle.EMPTY_ROOT)


def _prefix(size: int) -> merkle.Frontier:
    """Rebuild the first `size` leaves from stored subtrees."""
    tree = merkle.Frontier()

    def collect(node: merkle.Node) -> list[tuple[int, bytes]]:
        return [(at[0], node(*at)) for at in merkle.prefix_nodes(size)]

    _join(tree, sequencer.through_nodes(collect))
    return tree


def _walk(
    report: Report,
    made: list[Promise],
    procs: int,
    advance: Callable[[int], None],
) -> None:
    """Rehash range by range and hold the growing tree against every promise."""
    due: dict[int, list[Promise]] = {}
    for promise in made:
        due.setdefault(promise.size, []).append(promise)
    try:
        tree = _prefix(report.start)
    except sequencer.ForkedLogError as error:
        report.add([Problem("node", str(error))])
        return
    report.add(_compare(tree, due.pop(report.start, [])))
    for result in _results(report, sorted(due), procs):
        report.add(result.problems)
        for size in sorted(result.marks):
            grown = merkle.Frontier()
            _join(grown, [*tree.peaks(), *result.marks[size]])
            report.add(_compare(grown, due.pop(size)))
        _join(tree, result.peaks)
        advance(result.end - result.start)
        if tree.size != result.end:
            return
    for size in sorted(due):
        text = f"{due[size][0].source} holds {size} entries; the log holds {tree.size}"
        report.add([Problem("truncated", text)])


def _join(tree: merkle.Frontier, peaks: list[tuple[int, bytes]]) -> None:
    for level, hashed in peaks:
        tree.add(hashed, level)


def _compare(tree: merkle.Frontier, promised: list[Promise]) -> list[Problem]:
    root = tree.root()
    return [
        Problem("root", f"the tree of {one.size} entries is not that of {one.source}")
        for one in promised
        if one.root != root
    ]


def _results(report: Report, marks: list[int], procs: int) -> Iterator[RangeResult]:
    ranges = list(cuts(report.start, report.size))
    if procs <= 1 or len(ranges) <= 1:
        yield from (check_range(start, end, marks) for start, end in ranges)
        return
    # A forked child would share this process's database connection: spawn instead.
    name = (connection.settings_dict["NAME"],)
    with ProcessPoolExecutor(procs, get_context("spawn"), _set_up, name) as pool:
        starts, ends = zip(*ranges, strict=True)
        yield from pool.map(check_range, starts, ends, repeat(marks))


def _set_up(database: str) -> None:
    """Make Django ready in a worker, on the database of its parent."""
    import django

    settings.DATABASES["default"]["NAME"] = database
    django.setup()
