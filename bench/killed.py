"""Whether an import that was killed three times stores what an undisturbed one stores.

KYCRISK_HOME holds a bundle that was loaded without disturbance (bench/bundles.py does
it). The same bundle goes into an empty home beside it, with the same keys so that keyed
hashes are equal, and is killed with SIGKILL three times at random moments, with all its
children. Then it is finished, and counts and checksums of the two homes are compared.

Example: KYCRISK_HOME=/tmp/bench .venv/bin/python bench/killed.py /tmp/full
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import report
from commands import ROOT, manage

KILLS = 3


def main() -> None:
    options = _options()
    if "KYCRISK_HOME" not in os.environ:
        sys.exit("KYCRISK_HOME names no folder; give the one bench/bundles.py loaded")
    home = Path(os.environ["KYCRISK_HOME"])
    undisturbed = _content()
    other = home.with_name(home.name + "-killed")
    if other.exists():
        sys.exit(f"{other} is there already; delete it first")
    shutil.copytree(home / "keys", other / "keys")
    other.chmod(0o700)
    os.environ["KYCRISK_HOME"] = str(other)
    reference = options.folder / "world" / "bundle" / "reference"
    manage("refresh_reference", "--from", str(reference))
    cut = options.folder / "cut"
    draw = random.Random(options.seed)
    moments = [draw.uniform(options.least, options.most) for _ in range(KILLS)]
    alive = [_begin_and_kill(cut, moment) for moment in moments]
    began = time.monotonic()
    finished = manage("import_bundle", str(cut))
    content = _content()
    figures = {
        "killed_after_s": [round(moment, 1) for moment in moments],
        "was_still_at_work": alive,
        "finished_in_s": round(time.monotonic() - began, 1),
        "finished": finished["tables"],
        "content": content,
        "undisturbed": undisturbed,
        "equal": content == undisturbed,
    }
    path = report.write("killed", seed=options.seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")
    sys.exit(0 if figures["equal"] and all(alive) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="that bench/bundles.py filled")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--least", type=float, default=60.0, help="seconds to a kill")
    parser.add_argument("--most", type=float, default=110.0, help="seconds to a kill")
    return parser.parse_args()


def _begin_and_kill(cut: Path, seconds: float) -> bool:
    """Let an import work for a while, then kill it; return whether it still worked."""
    words = [sys.executable, "manage.py", "import_bundle", str(cut), "--json"]
    process = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def _content() -> dict:
    """Return what the home of this moment holds; see bench/content.py."""
    done = subprocess.run(
        [sys.executable, "bench/content.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
