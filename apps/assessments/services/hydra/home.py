"""A home of its own for each world, worked through the product's commands alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.assessments.errors import BenchmarkError

_WORDS_OF_AN_ERROR = 5  # lines


@dataclass(frozen=True, slots=True)
class Home:
    """One KYCRISK_HOME; its commands are processes that know of no truth."""

    folder: Path

    def call(self, *words: str) -> dict[str, Any]:
        """Run one command in this home and return its result."""
        self.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(  # noqa: S603 - our own commands, no shell
            [sys.executable, "manage.py", *words, "--json"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **_shared_keys(), "KYCRISK_HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.splitlines(keepends=True)[-_WORDS_OF_AN_ERROR:]
            reason = "".join(lines).strip()
            raise BenchmarkError(f"{words[0]} ended with {done.returncode}: {reason}")
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))

    def adopt(self, models: Sequence[Path]) -> None:
        """Make models that were trained elsewhere the champions here."""
        for model in models:
            adopted = self.call("adopt_model", str(model))
            self.call("promote", adopted["id"], "--no-approval")

    def empty(self) -> None:
        """Drop whatever an earlier run left."""
        if self.folder.exists():
            self.call("reset", "--yes")


@contextmanager
def once(marker: Path) -> Iterator[bool]:
    """Yield whether a step is still to be done; note it when it ends well."""
    done = marker.exists()
    yield not done
    if not done:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


def _shared_keys() -> dict[str, str]:
    """Return the keys under which models and hashes made in one home fit another."""
    names = ("KYCRISK_LOG_SIGNING_KEY", "KYCRISK_PSEUDONYM_KEY")
    return {name: settings.KEYS.text(name, length=32) for name in names}
