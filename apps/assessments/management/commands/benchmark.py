"""The whole product on worlds that it was not trained on, day by day."""

from argparse import ArgumentParser
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.assessments.services import hydra
from apps.core.commands import KycriskCommand, Unusable
from ml.benchmark.verdict import verdict_seeds
from ml.simulate import VERSION
from ml.simulate.tiers import OFFERED, TIERS

VERDICT = 5  # worlds
ENOUGH = 60_000  # honest accounts, so that 0.1 % of them are 60 people
_MINUTE = 60


class Command(KycriskCommand):
    help = (
        "Simulate worlds, run the product through its own importers and commands as"
        " time passes, and score it against the truth. Models are trained on the world"
        " of --train-seed and carried over; the other worlds were never learned from."
        " A run that was stopped is taken up where it was."
    )
    example = "hydra --tier nano --seeds 3,4 --step-days 5"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("world", choices=["hydra"])
        parser.add_argument(
            "--tier",
            choices=list(TIERS),
            default="nano",
            metavar="TIER",
            help=f"{', '.join(OFFERED)}; tiny and ladder are for tests",
        )
        parser.add_argument(
            "--seeds",
            default="3,4",
            help=(
                "worlds to score, by comma; `verdict` takes five that follow from the"
                " detector's commit, so that nobody can have tuned on them"
            ),
        )
        parser.add_argument("--train-seed", type=int, default=1)
        parser.add_argument(
            "--scenario",
            choices=["main", "zero-label", "few", "permuted", "riders"],
            default="main",
            help="zero-label trains nothing; the others are scored with main's models",
        )
        _add_ways(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        detector = hydra.detector_of()
        plan = _plan(options, detector)
        minutes = hydra.estimate(plan) / _MINUTE
        self.say(
            f"{len(plan.teachers)} worlds to learn from, {len(plan.worlds)} to score on"
            f" {len(plan.validation) + len(plan.test)} days each: about {minutes:.0f}"
            " minutes of one core"
        )
        if options["seeds"] == "verdict" and TIERS[plan.tier].honest < ENOUGH:
            self.say(f"Fewer than {ENOUGH:,} honest accounts: a trial, no verdict.")
        folder = settings.KYCRISK_HOME / "benchmark" / _name(plan, detector)
        with self.bar("steps", hydra.steps(plan)) as bar:
            found = hydra.run(plan, folder=folder, advance=bar.update)
        for line in hydra.lines(found):
            self.say(line)
        if plan.check_future:
            self.say("no score reads the future")
        return {
            "tier": plan.tier,
            "scenario": plan.scenario,
            "train_seed": plan.train_seed,
            "detector": {"commit": detector.commit, "changed": detector.changed},
            "closed_loop": plan.closed,
            "step_days": plan.step_days,
            "seeds": found,
        }


def _add_ways(parser: ArgumentParser) -> None:
    """Add how worlds are driven, and what stands beside them."""
    parser.add_argument(
        "--step-days", type=int, default=10, help="days between assessments"
    )
    parser.add_argument(
        "--knock-out",
        default="",
        metavar="TRACES",
        help="score again without these traces, by comma, or `all`",
    )
    parser.add_argument(
        "--transfer",
        action="store_true",
        help="learn from one half of the operators, be tested on the other",
    )
    parser.add_argument(
        "--closed-loop",
        action="store_true",
        help="ban what is flagged after --review-days, and let operators answer",
    )
    parser.add_argument("--review-days", type=float, default=2.0)
    parser.add_argument("--traces", type=Path, help="real traces, for riders")
    parser.add_argument("--jobs", type=int, default=2, help="worlds side by side")
    parser.add_argument(
        "--check-future",
        action="store_true",
        help="score a day again once its future is known; refuse any change",
    )


def _plan(options: dict[str, Any], detector: hydra.Detector) -> hydra.Plan:
    seeds = _seeds(options["seeds"], options["train_seed"], detector)
    if not 1 <= options["step_days"] <= 40:  # noqa: PLR2004 - the test period
        raise Unusable("--step-days takes a number from 1 to 40.")
    if options["scenario"] != "main" and (options["knock_out"] or options["transfer"]):
        raise Unusable("Knock-outs and transfer belong to the main scenario.")
    if options["scenario"] == "riders" and options["traces"] is None:
        raise Unusable("Riders need --traces, a folder of real traces.")
    return hydra.Plan(
        tier=options["tier"],
        seeds=seeds,
        train_seed=options["train_seed"],
        scenario=options["scenario"],
        step_days=options["step_days"],
        knock_outs=_knock_outs(options["knock_out"]),
        transfer=options["transfer"],
        closed=options["closed_loop"],
        review_days=options["review_days"],
        traces=options["traces"].resolve() if options["traces"] else None,
        check_future=options["check_future"],
        jobs=options["jobs"],
    )


def _seeds(text: str, train_seed: int, detector: hydra.Detector) -> tuple[int, ...]:
    if text == "verdict":
        if detector.changed:
            raise Unusable("A verdict needs a detector without uncommitted changes.")
        return tuple(verdict_seeds(detector.commit, VERDICT))
    try:
        seeds = tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise Unusable(
            "--seeds takes numbers with commas between, like 3,4."
        ) from error
    if train_seed in seeds:
        raise Unusable("A world that was trained on can't be scored; change a seed.")
    return seeds


def _knock_outs(text: str) -> tuple[str, ...]:
    every = hydra.known_traces()
    if text == "all":
        return tuple(every)
    chosen = tuple(word for word in text.split(",") if word)
    if unknown := set(chosen) - set(every):
        raise Unusable(f"No trace is called {min(unknown)}: {', '.join(every)}.")
    return chosen


def _name(plan: hydra.Plan, detector: hydra.Detector) -> str:
    """Name the folder of a run by all that its results depend on."""
    told = (
        plan.train_seed, plan.step_days, plan.closed, plan.review_days, detector.key,
        str(plan.traces), VERSION,
    )  # fmt: skip
    digest = sha256(repr(told).encode()).hexdigest()[:10]
    return f"{plan.tier}-{plan.scenario}-{digest}"
