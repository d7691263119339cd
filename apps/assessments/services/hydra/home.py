"""A home of its own for each world, worked through the product's commands alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from django.conf import settings

from apps.assessments.errors import BenchmarkError

_WORDS_OF_AN_ERROR = 5  # lines


class Home:
    """One KYCRISK_HOME; a process that knows of no truth runs its commands.

    A context manager: the process starts with the first command and ends with it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if one runs; the next command starts another."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def call(self, *words: str) -> dict[str, Any]:
        """Run one command in this home and return its result."""
        if self._process is None:
            self._process = self._start()
        asked, told = self._process.stdin, self._process.stdout
        if asked is None or told is None:
            raise AssertionError("Both were asked for as pipes.")
        asked.write(json.dumps(words) + "\n")
        asked.flush()
        line = told.readline()
        if not line:
            raise BenchmarkError(f"{words[0]} took its process down: {self._last()}")
        answer = json.loads(line)
        if answer["code"]:
            with self._log.open("a") as log:
                log.write(answer["messages"])
            reason = _end_of(answer["messages"])
            raise BenchmarkError(f"{words[0]} ended with {answer['code']}: {reason}")
        return dict(answer["result"])

    def adopt(self, models: Sequence[Path]) -> None:
        """Make models that were trained elsewhere the champions here."""
        for model in models:
            adopted = self.call("adopt_model", str(model))
            self.call("promote", adopted["id"], "--no-approval")

    def empty(self) -> None:
        """Drop whatever an earlier run left."""
        if self.folder.exists():
            self.close()
            subprocess.run(
                [sys.executable, "manage.py", "reset", "--yes"],
                cwd=settings.BASE_DIR,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
            )

    @property
    def _log(self) -> Path:
        return self.folder.with_suffix(".log")

    def _start(self) -> "subprocess.Popen[str]":
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("w") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", "batch"],
                cwd=settings.BASE_DIR,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **_shared_keys(), "KYCRISK_HOME": str(self.folder)}

    def _last(self) -> str:
        return _end_of(self._log.read_text())


def _end_of(messages: str) -> str:
    return "\n".join(messages.strip().splitlines()[-_WORDS_OF_AN_ERROR:])


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
