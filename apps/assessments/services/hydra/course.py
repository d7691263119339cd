"""One world on its course through time: import a stretch, assess, export, repeat."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from apps.assessments.services.hydra.home import Home, once
from apps.assessments.services.hydra.plan import END, TRAINED, Plan, World, day_of
from ml import benchmark

Step = Callable[[], None]


@dataclass(slots=True)
class Course:
    """The folder of one world, its home, and what was exported so far.

    A context manager, for the process of its home. Every finished step leaves a mark,
    so that a run that was stopped is taken up where it was: commands are safe to
    repeat, and only an unfinished step is done again.
    """

    plan: Plan
    world: World
    folder: Path
    home: Home = field(init=False)
    exports: dict[datetime, benchmark.Export] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home = Home(self.folder / "home")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.home.close()

    @property
    def written(self) -> Path:
        return self.folder / "world"

    def simulate(self) -> None:
        """Write the world, and start with an empty home that has its lookup tables."""
        with once(self.folder / "marks" / "simulated") as to_do:
            if to_do:
                shutil.rmtree(self.written, ignore_errors=True)
                self.home.empty()
                self.home.call("simulate", str(self.written), *self._words())
                reference = str(self.written / "bundle" / "reference")
                self.home.call("refresh_reference", "--from", reference)

    def load(self) -> None:
        """Import the whole bundle at once, for a world that is only learned from."""
        with once(self.folder / "marks" / "loaded") as to_do:
            if to_do:
                self.home.call("import_bundle", str(self.written / "bundle"))

    def learn(self) -> list[Path]:
        """Train on what day 70 knew; return the folders of the models."""
        told = self.folder / "models.json"
        if not told.exists():
            as_of = day_of(TRAINED).isoformat()
            made = self.home.call("train", "--as-of", as_of, "--kind", "all")
            told.write_text(json.dumps([model["id"] for model in made["models"]]))
        names = json.loads(told.read_text())
        return [self.home.folder / "models" / name for name in names]

    def adopt(self, models: Sequence[Path]) -> None:
        with once(self.folder / "marks" / "adopted") as to_do:
            if to_do:
                self.home.adopt(models)

    def drive(self, advance: Step) -> benchmark.Loop | None:
        """Go through all scored days; return the loop where bans have consequences."""
        loop = None
        if self.plan.closed:
            loop = benchmark.open_loop(self.written, self.world.seed)
        since = None
        for moment in (*self.plan.validation, *self.plan.test):
            self._step(moment, since, loop)
            if loop is not None and moment in self.plan.test:
                at = moment + timedelta(days=self.plan.review_days)
                loop.ban(self._flagged(moment), at)
            since = moment
            advance()
        return loop

    def _step(
        self, moment: datetime, since: datetime | None, loop: benchmark.Loop | None
    ) -> None:
        day = f"{moment:%Y-%m-%d}"
        scores, rings = (self.exported(name, moment) for name in ("scores", "rings"))
        with once(self.folder / "marks" / day) as to_do:
            if to_do:
                self._import(moment, since, loop)
                as_of = moment.isoformat()
                self.home.call("assess", "--as-of", as_of, "--all")
                self.home.call("export_scores", "--as-of", as_of, str(scores))
                self.home.call("export_rings", "--as-of", as_of, str(rings))
                if moment == self.plan.test[-1]:
                    pairs = str(self.folder / "candidates.parquet")
                    self.home.call("benchmark_candidates", "--as-of", as_of, pairs)
        self.exports[moment] = benchmark.read_scores(scores)

    def _import(
        self, moment: datetime, since: datetime | None, loop: benchmark.Loop | None
    ) -> None:
        stretch = self.folder / "stretch"
        shutil.rmtree(stretch, ignore_errors=True)
        bundle = self.written / "bundle"
        if loop is None:
            rows = benchmark.cut_bundle(bundle, moment, stretch, since=since)
        else:
            rows = benchmark.write_stretch(loop, moment, stretch, since)
        if any(rows.values()):
            self.home.call("import_bundle", str(stretch))
        shutil.rmtree(stretch)

    def exported(self, name: str, moment: datetime) -> Path:
        return self.folder / f"{name}-{moment:%Y-%m-%d}.parquet"

    def threshold(self) -> float:
        """Return the threshold that one validation honest account in 100 crosses."""
        truth = benchmark.read_truth(self.written / "truth")
        days = [self.exports[day] for day in self.plan.validation]
        return benchmark.calm_threshold(truth, days, max(benchmark.RATES))

    def _flagged(self, moment: datetime) -> list[str]:
        threshold = self.threshold()
        scores = self.exports[moment].scores
        return [name for name, score in scores.items() if score > threshold]

    def _words(self) -> list[str]:
        world, plan = self.world, self.plan
        words = ["--tier", plan.tier, "--seed", str(world.seed)]
        words += ["--end", END.isoformat(), "--scenario", world.scenario]
        words += ["--operators", world.operators]
        if world.without:
            words += ["--without", world.without]
        if plan.traces:
            words += ["--traces", str(plan.traces)]
        return words


def figures(
    course: Course, loop: benchmark.Loop | None, trees: bytes | None
) -> dict[str, Any]:
    """Score one world that has been driven to its end; RefusedError where it cheats."""
    plan = course.plan
    truth = loop.truth() if loop else benchmark.read_truth(course.written / "truth")
    calm = [course.exports[day] for day in plan.validation]
    tested = [course.exports[day] for day in plan.test]
    found = benchmark.judge(truth, calm, tested)
    rings = benchmark.read_rings(course.exported("rings", plan.test[-1]))
    found["rings"] = benchmark.match_rings(truth, rings)
    work = loop.worked() if loop else benchmark.read_work(course.written / "truth")
    found["watched"] = [
        {"rate": table["rate"]}
        | benchmark.watch(
            truth,
            work,
            benchmark.first_alarms(tested, table["threshold"]),
            plan.test,
            plan.validation[-1],
            closed=loop is not None,
        )
        for table in found["rates"]
    ]
    pairs = benchmark.read_candidates(course.folder / "candidates.parquet")
    found["reach"] = benchmark.reach(truth, pairs, tested[-1].scores)
    if trees is not None and loop is None:
        days = plan.validation, plan.test
        columns = benchmark.columns_of(trees, course.written, truth, *days)
        found["beside"] = benchmark.beside(truth, columns)
        rates = [table["rate"] for table in found["rates"]]
        found["ahead"] = benchmark.ahead(truth, (calm, tested), columns, rates)
    return found
