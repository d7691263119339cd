"""An import killed with SIGKILL at any moment is finished exactly by the next one."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.customers.models import AccountVersion
from apps.signals.models import Event, ImportedFile, Outcome
from apps.signals.selectors import open_engine
from tests.integration.signals import bundles

pytestmark = pytest.mark.faults
KILLS = 3
ROWS = {
    "provider": 1,
    "accounts": 24,
    "events": 30,
    "usage": 4000,
    "usage_window": 40,
    "outcomes": 6,
}


def command(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_bundle", str(folder), "--json"],
        cwd=Path(__file__).resolve().parents[3],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_when_it_has_left(
    pieces: int, folder: Path, environment: dict[str, str], places: tuple[Path, Path]
) -> bool:
    """Run an import; kill it when it has written that many more files."""
    with command(folder, environment) as process:
        goal, limit = left(places) + pieces, time.monotonic() + 60
        while process.poll() is None and time.monotonic() < limit:
            if left(places) > goal:
                os.killpg(process.pid, signal.SIGKILL)
                return True
            time.sleep(0.01)  # the moment to kill is a count of files on disk
    return False


def left(places: tuple[Path, Path]) -> int:
    return sum(1 for base in places for _ in base.rglob("*.parquet"))


def run(folder: Path, environment: dict[str, str]) -> dict:
    with command(folder, environment) as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])["tables"]


def test_killed_imports_are_finished_exactly(fresh_database, lake, tmp_path):
    folder = bundles.write_world(tmp_path / "bundle", usage_rows=4000)
    environment = fresh_database.environment | {"KYCRISK_LAKE": str(lake)}
    places = (Path(environment["KYCRISK_HOME"]) / "staging", lake)
    chance = random.Random(7)
    kills = [
        kill_when_it_has_left(chance.randrange(5), folder, environment, places)
        for _ in range(KILLS)
    ]
    assert sum(kills) >= 2
    tables = run(folder, environment)
    assert {name: sum(one.values()) for name, one in tables.items()} == ROWS
    stored_exactly()


def stored_exactly() -> None:
    with open_engine(as_of=bundles.AT) as engine:
        found = engine.arrow("SELECT count(*) n, count(DISTINCT event_id) d FROM usage")
        windows = engine.table("usage_window").count().execute()
    assert found.to_pylist() == [{"n": 4000, "d": 4000}]
    assert windows == 40
    assert (Event.objects.count(), Outcome.objects.count()) == (30, 6)
    assert AccountVersion.objects.count() == 24
    rows = ImportedFile.objects.values_list(
        "accepted", "duplicates", "rejected", "runs"
    )
    assert sum(accepted for accepted, *_ in rows) == sum(ROWS.values())
    assert {tuple(rest) for _, *rest in rows} == {(0, 0, 1)}
