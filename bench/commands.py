"""Commands of the product, and its service, run as a user would."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent


def published() -> Path:
    """Return the folder of published lists."""
    return Path(os.environ.get("KYCRISK_SHARED_DATA") or ROOT.parent / "shared/data")


def world_options(text: str) -> argparse.Namespace:
    """Read which world KYCRISK_HOME holds, and as of when it is asked about."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--as-of", type=_moment, default="2026-11-01")
    parser.add_argument("--seed", type=int, required=True, help="of the world")
    return parser.parse_args()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ready(*, database: bool = True) -> None:
    """Make the product importable in this process, with its database running."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kycrisk.settings")
    if database:
        from apps.core import startup

        startup.prepare("shell")
    import django

    django.setup()


def manage(*words: str) -> dict:
    """Run a command that must succeed in KYCRISK_HOME; return its result."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words, "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


@contextmanager
def service() -> Iterator[tuple[str, int]]:
    """Run the whole service on a free port; yield its host with the port, and its pid.

    It ends with the block, after what it had begun.
    """
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _host_of(process), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _host_of(process: subprocess.Popen) -> str:
    for line in process.stdout:
        if found := re.search(r"http://([^\s/]+)", line):
            return found.group(1)
    sys.exit("the service ended before it was ready")
