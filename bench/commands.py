"""Commands of the product, run as a user would."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


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
