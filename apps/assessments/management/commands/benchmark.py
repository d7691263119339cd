"""The whole product on worlds that it was not trained on."""

import json
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core.commands import KycriskCommand, Unusable
from ml import benchmark
from ml.simulate.tiers import OFFERED

# days before the world's end: 120 days in all, train to 50, validate, then test
TRAINED = 50
VALIDATION = (45, 40)
TEST = (30, 20, 10, 0)
END = datetime(2026, 11, 1, tzinfo=UTC)


class Command(KycriskCommand):
    help = (
        "Simulate worlds, run the product through its own importers and commands as"
        " time passes, and score it against the truth. Models are trained on the world"
        " of --train-seed and carried over; the other worlds were never learned from."
    )
    example = "hydra --tier nano --seeds 3,4"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("world", choices=["hydra"])
        parser.add_argument("--tier", choices=OFFERED, default="nano")
        parser.add_argument("--seeds", default="3,4", help="worlds to score, by comma")
        parser.add_argument("--train-seed", type=int, default=1)
        parser.add_argument(
            "--check-future",
            action="store_true",
            help="score one world again without its future; refuse any change",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        seeds = _seeds(options["seeds"], options["train_seed"])
        self.tier = options["tier"]
        self.folder = settings.KYCRISK_HOME / "benchmark" / self.tier
        worlds = [options["train_seed"], *seeds]
        # every step is a process of its own, so two worlds advance at once
        with self.bar("steps", 2 * len(worlds)) as bar, ThreadPoolExecutor(2) as pool:
            for _ in pool.map(self._world, worlds):
                bar.update()
            models = self._learn(options["train_seed"])
            self.learned = benchmark.learn_beside(
                self.folder / f"world-{options['train_seed']}", _moment(TRAINED)
            )
            bar.update()
            figures = {}
            scored = pool.map(lambda seed: self._score(seed, models), seeds)
            for seed, one in zip(seeds, scored, strict=True):
                figures[str(seed)] = one
                bar.update()
        if options["check_future"]:
            self._check_future(seeds[0], models)
        for name, one in figures.items():
            self.say(benchmark.as_text(f"{self.tier}, seed {name}", one))
        return {
            "tier": self.tier,
            "train_seed": options["train_seed"],
            "seeds": figures,
        }

    def _learn(self, seed: int) -> list[Path]:
        """Train on one world up to its day 70; return the folders of the models."""
        home = self._home(seed)
        made = self._call(home, "train", "--as-of", _day(TRAINED), "--kind", "all")
        if not made["models"]:
            raise Unusable("Nothing could be trained on that world; take another seed.")
        return [home / "models" / model["id"] for model in made["models"]]

    def _score(self, seed: int, models: list[Path]) -> dict[str, Any]:
        home, world = self._home(seed), self.folder / f"world-{seed}"
        self._adopt(home, models)
        exports = {days: self._export(home, days) for days in (*VALIDATION, *TEST)}
        rings = home / "rings.parquet"
        self._call(home, "export_rings", "--as-of", _day(TEST[-1]), str(rings))
        truth = benchmark.read_truth(world / "truth")
        try:
            figures = benchmark.judge(
                truth,
                [exports[days] for days in VALIDATION],
                [exports[days] for days in TEST],
            )
            figures["rings"] = benchmark.match_rings(truth, benchmark.read_rings(rings))
        except benchmark.RefusedError as error:
            raise Unusable(f"The result is refused: {error}") from error
        figures["beside"] = benchmark.beside(
            self.learned,
            world,
            truth,
            [_moment(days) for days in VALIDATION],
            [_moment(days) for days in TEST],
        )
        return figures

    def _adopt(self, home: Path, models: list[Path]) -> None:
        for model in models:
            adopted = self._call(home, "adopt_model", str(model))
            self._call(home, "promote", adopted["id"], "--no-approval")

    def _export(self, home: Path, days: int) -> benchmark.Export:
        path = home / f"scores-{days}.parquet"
        self._call(home, "assess", "--as-of", _day(days), "--all")
        self._call(home, "export_scores", "--as-of", _day(days), str(path))
        return benchmark.read_scores(path)

    def _check_future(self, seed: int, models: list[Path]) -> None:
        """Score a world that ends with the first validation day, and compare."""
        days, world = VALIDATION[0], self.folder / f"world-{seed}"
        home, bundle = self.folder / "home-cut", self.folder / "bundle-cut"
        if home.exists():
            self._call(home, "reset", "--yes")
        shutil.rmtree(bundle, ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
        benchmark.cut_bundle(world / "bundle", _moment(days), bundle)
        reference = str(world / "bundle" / "reference")
        self._call(home, "refresh_reference", "--from", reference)
        self._call(home, "import_bundle", str(bundle))
        self._adopt(home, models)
        whole = benchmark.read_scores(self._home(seed) / f"scores-{days}.parquet")
        try:
            benchmark.future_reading(whole, self._export(home, days))
        except benchmark.RefusedError as error:
            raise Unusable(f"The result is refused: {error}") from error
        self.say("no score reads the future")

    def _home(self, seed: int) -> Path:
        return Path(self.folder) / f"home-{seed}"

    def _world(self, seed: int) -> None:
        """Simulate a world and load it into an empty home of its own."""
        home, world = self._home(seed), self.folder / f"world-{seed}"
        if home.exists():
            self._call(home, "reset", "--yes")
        shutil.rmtree(world, ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
        words = ("--tier", self.tier, "--seed", str(seed), "--end", END.isoformat())
        self._call(home, "simulate", str(world), *words)
        bundle = world / "bundle"
        self._call(home, "refresh_reference", "--from", str(bundle / "reference"))
        self._call(home, "import_bundle", str(bundle))

    def _call(self, home: Path, *words: str) -> dict[str, Any]:
        """Run one command in that home; the signing key is shared between homes."""
        done = subprocess.run(  # noqa: S603 - our own commands, no shell
            [sys.executable, "manage.py", *words, "--json"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **_shared_keys(), "KYCRISK_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = "".join(done.stderr.splitlines(keepends=True)[-5:]).strip()
            raise Unusable(f"{words[0]} ended with code {done.returncode}: {reason}")
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _shared_keys() -> dict[str, str]:
    """Return the keys under which models and hashes made in one home fit another."""
    names = ("KYCRISK_LOG_SIGNING_KEY", "KYCRISK_PSEUDONYM_KEY")
    return {name: settings.KEYS.text(name, length=32) for name in names}


def _moment(before_end: int) -> datetime:
    return END - timedelta(days=before_end)


def _day(before_end: int) -> str:
    return _moment(before_end).isoformat()


def _seeds(text: str, train_seed: int) -> list[int]:
    try:
        seeds = [int(word) for word in text.split(",")]
    except ValueError as error:
        raise Unusable(
            "--seeds takes numbers with commas between, like 3,4."
        ) from error
    if train_seed in seeds:
        raise Unusable("A world that was trained on can't be scored; change a seed.")
    return seeds
