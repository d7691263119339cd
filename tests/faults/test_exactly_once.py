"""Acknowledged is stored, once: batches sent twice, web process and database killed.

`make check` runs a small sample, `KYCRISK_FAULTS=full` (`make faults`) 200,000 facts
with 10 kills of the web process and 3 crashes of PostgreSQL.
"""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests.databases import Database
from tests.waiting import eventually

pytestmark = pytest.mark.faults
FULL = os.environ.get("KYCRISK_FAULTS") == "full"
FACTS, BATCH, KILLS, CRASHES = (200_000, 1_000, 10, 3) if FULL else (4_000, 200, 2, 1)
PEOPLE, CLIENTS, SEED = 50, 2, 7
_KIND = "signals.batch.recorded"


@dataclass
class Plan:
    """Batches still to send, and what the answers said."""

    batches: list[bytes]
    accepted: int = 0
    duplicates: int = 0
    answered: int = 0
    unknown: int = 0  # sent, but the answer never came: sent again
    turned_away: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bytes | None:
        with self.lock:
            return self.batches.pop() if self.batches else None

    def note(self, answer: dict[str, Any]) -> None:
        assert answer["rejected"] == [], answer["rejected"][:3]
        with self.lock:
            self.accepted += answer["accepted"]
            self.duplicates += answer["duplicates"]
            self.answered += 1


def batches(chance: random.Random) -> list[bytes]:
    """Return FACTS facts shuffled with 20 % of them twice, 10 % of batches twice."""
    start = datetime.now(UTC) - timedelta(days=6)
    facts = [
        {
            "event_id": f"fact-{number}",
            "occurred_at": (
                start + timedelta(seconds=chance.randrange(6 * 86_400))
            ).isoformat(),
            "account_id": f"acc-{number % PEOPLE}",
            "key_id": "key",
            "model": "m",
            "input_tokens": number,
            "output_tokens": 1,
        }
        for number in range(FACTS)
    ]
    rows = facts + chance.sample(facts, FACTS // 5)
    chance.shuffle(rows)
    made = [
        json.dumps(rows[at : at + BATCH]).encode() for at in range(0, len(rows), BATCH)
    ]
    made += chance.sample(made, len(made) // 10)
    chance.shuffle(made)
    return made


class Web:
    """The web server alone, in a process group that can be killed as one."""

    def __init__(self, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._environment = environment
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "granian", "kycrisk.wsgi:application"]
        more = ["--interface=wsgi", "--workers=1", "--blocking-threads=4", "--http=1"]
        return subprocess.Popen(
            [*command, *more, f"--port={self.port}", "--log-level=critical"],
            cwd=settings.BASE_DIR,
            env=self._environment | {"PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_and_restart(self) -> None:
        self.kill()
        self.process = self._start()

    def send(self, body: bytes, secret: str) -> tuple[int, Any]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
            "Host": "localhost",
        }
        with contextlib.closing(link):
            link.request("POST", "/v1/events/batch", body, headers)
            answer = link.getresponse()
            return answer.status, json.loads(answer.read())


@pytest.fixture
def web(fresh_database: Database) -> Iterator[Web]:
    server = Web(fresh_database.environment)
    yield server
    server.kill()


def send_all(plan: Plan, web: Web, secret: str) -> None:
    """Send until nothing is left; what got no answer is sent again."""
    while (body := plan.take()) is not None:
        while True:
            try:
                status, answer = web.send(body, secret)
            except (OSError, http.client.HTTPException, ValueError):
                plan.unknown += 1
                time.sleep(0.05)  # the server is being started again
                continue
            if status == 200:
                plan.note(answer)
                break
            assert status in {429, 500, 503}, answer
            plan.turned_away += status == 429
            time.sleep(0.1)  # it asked to wait; the test has less patience


def crash_postgres() -> None:
    """Stop PostgreSQL at once, as if the machine had; start it again."""
    from apps.core import embedded
    from apps.core.embedded.keeper import server_pid

    layout = embedded.Layout.of_settings()
    pid = server_pid(layout.data)
    assert pid is not None
    connection.close()
    os.kill(pid, signal.SIGQUIT)
    assert eventually(lambda: server_pid(layout.data) is None)
    embedded.leave(layout)
    embedded.ensure()


def strike(plan: Plan, web: Web) -> tuple[int, int]:
    """Kill at points spread over the work; return how often each was killed."""
    blows = ["web"] * KILLS + ["database"] * CRASHES
    random.Random(SEED).shuffle(blows)
    total = len(plan.batches)
    for number, blow in enumerate(blows, start=1):
        goal = total * number // (len(blows) + 1)
        assert eventually(lambda goal=goal: plan.answered >= goal, seconds=600)
        if blow == "web":
            web.kill_and_restart()
        else:
            crash_postgres()
    return blows.count("web"), blows.count("database")


def prepare() -> str:
    """Make accounts and a key; return its secret."""
    from apps.access import services as access
    from apps.audit.services import Actor
    from apps.core.validation import validate_rows
    from apps.customers import services as customers

    now = datetime.now(UTC)
    rows = [
        {
            "account_id": f"acc-{number}",
            "created_at": (now - timedelta(days=9)).isoformat(),
        }
        for number in range(PEOPLE)
    ]
    good = validate_rows("accounts", rows, as_of=now).good
    customers.put_accounts(rows=good, source="bundle", at=now)
    _, secret = access.create_service_key(
        name="faults", scopes=["events"], at=now, actor=Actor("system", "test")
    )
    return secret


def stored() -> dict[str, Any]:
    questions = {
        "rows": "SELECT count(*) FROM signals_usagehot",
        "facts": "SELECT count(DISTINCT (account_id, event_id)) FROM signals_usagehot",
        "sum": "SELECT sum(input_tokens)::bigint FROM signals_usagehot",
        "keys": "SELECT count(*) FROM signals_eventkey",
    }
    with connection.cursor() as cursor:
        found = {}
        for name, question in questions.items():
            cursor.execute(question)
            found[name] = cursor.fetchone()[0]
    return found


def run_clients(plan: Plan, web: Web, secret: str) -> Sequence[threading.Thread]:
    threads = [
        threading.Thread(target=send_all, args=(plan, web, secret))
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    return threads


def test_every_acknowledged_fact_is_stored_once(
    web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    from apps.audit.models import Entry

    secret = prepare()
    plan = Plan(batches(random.Random(SEED)))
    sent = len(plan.batches)
    threads = run_clients(plan, web, secret)
    kills, crashes = strike(plan, web)
    for thread in threads:
        thread.join(timeout=600)
    assert plan.answered == sent
    found = stored()
    told = [json.loads(bytes(entry.body)) for entry in Entry.objects.filter(kind=_KIND)]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{FACTS:,} facts in {sent:,} batches, {kills} kills of the web process,"
            f" {crashes} crashes of PostgreSQL: {plan.accepted:,} acknowledged as new,"
            f" {plan.duplicates:,} as known, {plan.unknown:,} tries without an answer;"
            f" stored {found['rows']:,} rows of {found['facts']:,} facts\n"
        )
    assert plan.unknown > 0
    assert found == {
        "rows": FACTS,
        "facts": FACTS,
        "keys": FACTS,
        "sum": FACTS * (FACTS - 1) // 2,
    }
    assert sum(entry["content"]["accepted"] for entry in told) == FACTS
    assert plan.accepted <= FACTS
