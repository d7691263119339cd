"""A whole benchmark: teach where there is something to learn, drive, score, compare."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.assessments.errors import BenchmarkError
from apps.assessments.services.hydra.course import Course, figures
from apps.assessments.services.hydra.plan import TRAINED, Plan, World, day_of
from ml import benchmark

Advance = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Lessons:
    """What was learned from one world: the product's models, and a baseline's trees."""

    models: list[Path]
    trees: bytes | None


def steps(plan: Plan) -> int:
    """Return how often `advance` is called."""
    each = 1 + len(plan.validation) + len(plan.test)
    return 2 * len(plan.teachers) + each * len(plan.worlds)


def run(plan: Plan, *, folder: Path, advance: Advance) -> dict[str, Any]:
    """Drive the product through all worlds of a plan and return their figures.

    `folder` keeps what was done; the same call takes up a run that was stopped.
    BenchmarkError where a command fails or a result is refused.
    """
    lessons = {}
    for world in plan.teachers:
        with _course(plan, world, folder) as course:
            lessons[world.operators] = _teach(course, advance)

    def one(world: World) -> dict[str, Any]:
        learned = lessons.get("first" if world.operators == "second" else "all")
        with _course(plan, world, folder) as course:
            return _drive(course, learned, advance)

    # each world is driven by a process of its own, so some may go side by side
    with ThreadPoolExecutor(plan.jobs) as pool:
        found = dict(
            zip((w.name for w in plan.worlds), pool.map(one, plan.worlds), strict=True)
        )
    if plan.check_future:
        with _course(plan, plan.worlds[0], folder) as course:
            _check_future(course)
    return found


def _course(plan: Plan, world: World, folder: Path) -> Course:
    return Course(plan, world, folder / world.name.replace(" ", "-"))


def _teach(course: Course, advance: Advance) -> Lessons:
    course.simulate()
    course.load()
    advance()
    models = course.learn()
    if not models:
        raise BenchmarkError("Nothing could be trained there; take another train seed.")
    trees = benchmark.learn_beside(course.written, day_of(TRAINED))
    advance()
    return Lessons(models, trees)


def _drive(course: Course, learned: Lessons | None, advance: Advance) -> dict[str, Any]:
    course.simulate()
    if learned is not None:
        course.adopt(learned.models)
    advance()
    loop = course.drive(advance)
    try:
        return figures(course, loop, learned.trees if learned else None)
    except benchmark.RefusedError as error:
        raise BenchmarkError(f"The result is refused: {error}") from error


def _check_future(course: Course) -> None:
    """Score the first day once more, now that its future is known, and compare."""
    day = course.plan.validation[0]
    path = course.folder / "again.parquet"
    course.home.call("assess", "--as-of", day.isoformat(), "--all")
    course.home.call("export_scores", "--as-of", day.isoformat(), str(path))
    before = benchmark.read_scores(course.exported("scores", day))
    try:
        benchmark.future_reading(benchmark.read_scores(path), before)
    except benchmark.RefusedError as error:
        raise BenchmarkError(f"The result is refused: {error}") from error


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield the figures of each world as text, knock-outs and transfer as columns."""
    for name, one in found.items():
        yield benchmark.as_text(name, one)
    yield from benchmark.as_columns(found)
