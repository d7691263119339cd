"""A site of its own: a home with a database, worked by the real commands.

They run one after another in one process (`batch`): a start costs seconds.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Done:
    """What a command left: its code, its result (the last line) and its messages."""

    code: int
    result: dict[str, Any]
    messages: str


class Site:
    """One KYCRISK_HOME and the folder of the world that it was given."""

    def __init__(self, home: Path, world: Path) -> None:
        self.home = home
        self.world = world
        self._process: subprocess.Popen[str] | None = None
        home.mkdir()

    def run(self, *words: str) -> Done:
        """Run a command, whatever its code."""
        self._process = process = self._process or self._start()
        process.stdin.write(json.dumps(words) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        return Done(answer["code"], answer["result"] or {}, answer["messages"])

    def result(self, *words: str) -> dict[str, Any]:
        """Run a command that must succeed; return its result."""
        done = self.run(*words)
        assert done.code == 0, done.messages
        return done.result

    def forget(self) -> None:
        """End the process, so that the next command knows only what was stored."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def remove(self) -> None:
        """Drop the site's database and files."""
        self.forget()
        words = [sys.executable, "manage.py", "reset", "--yes"]
        subprocess.run(
            words, cwd=ROOT, env=self.environment, check=True, capture_output=True
        )

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", "batch"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KYCRISK_HOME": str(self.home), "KYCRISK_ENV": "test"}

    def sql(self, text: str) -> None:
        """Run SQL as the owner, behind the back of the product."""
        script = (
            "from django.db import connection; import sys;"
            "connection.cursor().execute(sys.stdin.read())"
        )
        environment = {**self.environment, "KYCRISK_DATABASE_ROLE": "owner"}
        subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", script],
            cwd=ROOT,
            env=environment,
            input=text,
            text=True,
            check=True,
            capture_output=True,
        )
