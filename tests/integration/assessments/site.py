"""A site of its own: a home with a database, worked by the real commands."""

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


@dataclass(frozen=True)
class Site:
    """One KYCRISK_HOME and the folder of the world that it was given."""

    home: Path
    world: Path

    def run(self, *words: str) -> Done:
        """Run a command in a process of its own, whatever its code."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words, "--json"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = done.stdout.strip().splitlines()
        found = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
        return Done(done.returncode, found, done.stderr)

    def result(self, *words: str) -> dict[str, Any]:
        """Run a command that must succeed; return its result."""
        done = self.run(*words)
        assert done.code == 0, done.messages
        return done.result

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
