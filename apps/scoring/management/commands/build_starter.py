"""Build the shipped starter models from simulated worlds."""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from apps.core.commands import KycriskCommand, Unusable
from apps.scoring.services.training import LEARNT, features_of
from apps.scoring.services.worlds import world_of

TIER = "nano"
END = datetime(2026, 11, 1, tzinfo=UTC)
FIRST_SEED = 1001  # far from the seeds that benchmarks and the demo use
HELD_OUT = 4
# what a provider may not have, to see how much hangs on it
LACKING = {
    "all traces": (),
    "no device and no cards": ("device", "cards"),
    "no exchanges": ("exchanges",),
    "usage alone": (
        "form",
        "address at sign-up",
        "mail",
        "phone",
        "device",
        "cards",
        "payer",
        "payments",
        "identity",
        "places",
    ),
}


class Command(KycriskCommand):
    help = (
        "Build the starter models of ml/starter: simulate worlds, load each through the"
        " real importers into a home of its own, keep its features, and learn. Worlds"
        " that DIR holds already are not made again. For developers of the project."
    )
    example = "/tmp/worlds --worlds 24"  # noqa: S108 - shown in --help

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dir", type=Path, metavar="DIR")
        parser.add_argument("--worlds", type=int, default=24)
        parser.add_argument(
            "--world", type=int, metavar="SEED", help="make one world in this home"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        self.folder: Path = options["dir"]
        self.folder.mkdir(parents=True, exist_ok=True)
        if options["world"] is not None:
            return self._one_world(options["world"])
        seeds = range(FIRST_SEED, FIRST_SEED + options["worlds"])
        with self.bar("worlds", len(seeds)) as bar:
            for seed in seeds:
                self._world(seed)
                bar.update()
        return self._learn([self._path(seed) for seed in seeds])

    def _learn(self, paths: Sequence[Path]) -> dict[str, Any]:
        """Train on all worlds but the last ones, and write the shipped files."""
        from ml.starter import (  # bring in numpy and lightgbm
            build,
            measure,
            shipped,
            worlds,
        )
        from ml.train import TrainConfig

        known = [worlds.load(path) for path in paths]
        models = {}
        for kind in LEARNT:
            config = TrainConfig(
                kind=kind,
                features=features_of(kind),
                mutable=frozenset(),
                cutoff=END,
                seed=0,
                threads=1,
            )
            lesson = build.Lesson(config, known[:-HELD_OUT], known[-HELD_OUT:])
            with self.bar(f"learn {kind}"):
                models[str(kind)] = build.learn(lesson)
        shipped.write(models)
        figures = {
            name: measure.judge(known[-HELD_OUT:], models, lacking)
            for name, lacking in LACKING.items()
        }
        for name, one in figures.items():
            self.say(measure.as_text(f"held-out worlds, {name}", one))
        told = {name: asdict(one) for name, one in figures.items()}
        return {"worlds": len(known), "held_out": HELD_OUT, "figures": told}

    def _path(self, seed: int) -> Path:
        return self.folder / f"{TIER}-{seed}.npz"

    def _world(self, seed: int) -> None:
        """Make a world in a process and a home of its own, unless it is there."""
        if self._path(seed).exists():
            return
        home = self.folder / "home"
        environment = {**os.environ, "KYCRISK_HOME": str(home)}
        manage = [sys.executable, "manage.py"]
        making = [*manage, "build_starter", str(self.folder), "--world", str(seed)]
        for words in ([*manage, "reset", "--yes"], making):
            done = subprocess.run(  # noqa: S603 - our own commands, no shell
                words,
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise Unusable(f"World {seed}: {done.stderr.strip()[-500:]}")

    def _one_world(self, seed: int) -> dict[str, Any]:
        """Simulate, import and compute in this home; keep the features alone."""
        from ml.starter import worlds  # brings in numpy, which --help need not pay

        world = settings.KYCRISK_HOME / "world"
        bundle = str(world / "bundle")
        words = ("--tier", TIER, "--seed", str(seed), "--end", END.isoformat())
        call_command("simulate", str(world), *words)
        call_command("refresh_reference", "--from", f"{bundle}/reference")
        call_command("import_bundle", bundle)
        with self.bar("features") as bar:
            made = world_of(seed=seed, truth=world / "truth", as_of=END, progress=bar)
        worlds.save(self._path(seed), made)
        shutil.rmtree(world)
        return {"world": seed}
