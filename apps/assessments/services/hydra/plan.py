"""What one benchmark does: which worlds, on which days, and how long it may take."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ml.simulate.levels import TRACES
from ml.simulate.tiers import TIERS

END: Final = datetime(2026, 11, 1, tzinfo=UTC)
START: Final = END - timedelta(days=120)
# days of the world: what is learned, where thresholds are set, what is tested
TRAINED, CALM, LAST = 70, 80, 120
_CALM_STEP: Final = 5
# seconds of one core: what a command costs in the smallest world, from nano worlds; the
# rest for a thousand accounts, from a mini world (docs/benchmark.md)
_COMMAND, _SIMULATE, _IMPORT, _TRAIN, _ASSESS, _EXPORT = 5.0, 1.8, 8.0, 4.7, 4.2, 0.3


@dataclass(frozen=True, slots=True)
class World:
    """One world that is scored: its name in results, and how it differs."""

    name: str
    seed: int
    scenario: str = "main"
    without: str | None = None
    operators: str = "all"


@dataclass(frozen=True, slots=True)
class Plan:
    """One benchmark. `step_days` lie between scored days of the test period.

    `closed`: a flagged account is banned `review_days` later and comes back. `traces`
    is the folder that the scenario `riders` reads.
    """

    tier: str
    seeds: tuple[int, ...]
    train_seed: int = 1
    scenario: str = "main"
    step_days: int = 10
    knock_outs: tuple[str, ...] = ()
    transfer: bool = False
    closed: bool = False
    review_days: float = 2.0
    traces: Path | None = None
    check_future: bool = False
    jobs: int = 1

    @property
    def validation(self) -> list[datetime]:
        """Return the scored days from which thresholds come."""
        step = min(self.step_days, _CALM_STEP)
        return [day_of(day) for day in range(CALM, TRAINED, -step)][::-1]

    @property
    def test(self) -> list[datetime]:
        days = range(LAST, CALM, -self.step_days)
        return [day_of(day) for day in days][::-1]

    @property
    def teachers(self) -> list[World]:
        """Return the worlds that models are trained on."""
        if self.scenario == "zero-label":
            return []
        found = [World("train", self.train_seed)]
        if self.transfer:
            found.append(World("train-first", self.train_seed, operators="first"))
        return found

    @property
    def worlds(self) -> list[World]:
        """Return the worlds that are scored."""
        found = []
        for seed in self.seeds:
            found.append(World(f"seed {seed}", seed, self.scenario))
            found += [
                World(f"seed {seed} without {trace}", seed, without=trace)
                for trace in self.knock_outs
            ]
            if self.transfer:
                found.append(World(f"seed {seed} transfer", seed, operators="second"))
        return found


def day_of(day: int) -> datetime:
    return START + timedelta(days=day)


def known_traces() -> list[str]:
    return sorted(TRACES)


def estimate(plan: Plan) -> float:
    """Return about how many seconds of one core a plan takes; a rough figure."""
    size = TIERS[plan.tier]
    thousands = (size.honest + size.recruits) / 1000
    moments = len(plan.validation) + len(plan.test)
    teach = thousands * (_SIMULATE + _IMPORT + _TRAIN) + 4 * _COMMAND
    score = thousands * (_SIMULATE + _IMPORT) + 6 * _COMMAND
    score += moments * (thousands * (_ASSESS + 2 * _EXPORT) + 5 * _COMMAND)
    return len(plan.teachers) * teach + len(plan.worlds) * score
