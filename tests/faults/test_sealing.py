"""Sealing killed with SIGKILL after each of its steps: nothing lost, nothing twice."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.databases import Database

pytestmark = pytest.mark.faults
AT = datetime(2026, 4, 20, 12, tzinfo=UTC)
ROWS = 300
FULL = os.environ.get("KYCRISK_FAULTS") == "full"
# (module, function, after how many calls the process dies)
STEPS = [
    ("apps.signals.services.lake", "write_parquet", 1),
    ("apps.signals.services.lake", "_put", 1),
    ("apps.signals.services.lake", "register", 1),
    ("apps.signals.services.seal", "_seal_day", 1),
    ("apps.signals.services.lake", "_put", 2),
    ("apps.signals.services.keys", "prune", 1),
]
SCRIPT = """
import importlib, os, signal, sys
from datetime import datetime
import django
django.setup()
module, name, calls, at = sys.argv[1:]
if module:
    place, left = importlib.import_module(module), int(calls)
    real = getattr(place, name)
    def dies(*args, **kwargs):
        global left
        found = real(*args, **kwargs)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(place, name, dies)
from apps.signals.services import seal_hours
seal_hours(at=datetime.fromisoformat(at))
"""


def seal(environment: dict[str, str], module: str, name: str, calls: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, module, name, str(calls), AT.isoformat()],
        cwd=settings.BASE_DIR,
        env=environment | {"PYTHONPATH": str(settings.BASE_DIR)},
        check=False,
    )
    return done.returncode


def fill() -> None:
    """Send exchanges of three days by the door that the endpoint uses."""
    from apps.audit.services import Actor
    from apps.core.validation import validate_rows
    from apps.customers import services as customers
    from apps.signals.services import BatchReport, record_batch

    born = (AT - timedelta(days=30)).isoformat()
    account = {"account_id": "acc", "created_at": born}
    good = validate_rows("accounts", [account], as_of=AT).good
    customers.put_accounts(rows=good, source="bundle", at=AT)
    rows = [
        {
            "event_id": f"fact-{number}",
            "occurred_at": (AT - timedelta(minutes=15 * number)).isoformat(),
            "account_id": "acc",
            "key_id": "key",
            "model": "m",
            "input_tokens": number,
            "output_tokens": 1,
        }
        for number in range(ROWS)
    ]
    report = record_batch(
        rows=list(enumerate(rows)),
        report=BatchReport(),
        at=AT,
        actor=Actor("system", "test"),
        request_id=None,
    )
    assert report.accepted == ROWS


def places() -> tuple[int, int, list[int]]:
    """Return hot rows, rows of visible files, and the token counts readers see."""
    from apps.signals.models import LakeFile
    from apps.signals.selectors import open_engine

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signals_usagehot")
        hot = cursor.fetchone()[0]
    sealed = sum(
        LakeFile.objects.filter(retired_at=None).values_list("rows", flat=True)
    )
    with open_engine(as_of=AT) as engine:
        seen = engine.arrow("SELECT input_tokens FROM usage ORDER BY 1")
    return hot, sealed, seen["input_tokens"].to_pylist()


def test_a_kill_after_any_step_loses_and_doubles_nothing(
    fresh_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KYCRISK_LAKE", str(tmp_path / "lake"))
    environment = fresh_database.environment | {"KYCRISK_LAKE": str(tmp_path / "lake")}
    fill()
    whole = list(range(ROWS))
    assert places() == (ROWS, 0, whole)
    for step in STEPS if FULL else STEPS[1:4]:
        assert seal(environment, *step) == -signal.SIGKILL
        hot, sealed, seen = places()
        assert (hot + sealed, seen) == (ROWS, whole), step
    assert seal(environment, "", "", 0) == 0
    open_rows = 5  # of the hour that is open, and of the one that late rows may enter
    hot, sealed, seen = places()
    assert (hot, sealed, seen) == (open_rows, ROWS - open_rows, whole)
