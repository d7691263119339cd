"""How fast POST /v1/events/batch stores exchanges, and what the naive way costs.

Four clients send batches of 5,000 rows to the whole service on this machine for a
bounded time, while one more client asks for assessments; the same load without batches
is measured first. Every acknowledged row must be in the database afterwards. Rows a
second of processor time (of the web server and all of PostgreSQL, assessments and jobs
in the background included) is the figure to compare: the clock on the wall depends on
who else uses the machine.

Example: KYCRISK_HOME=/tmp/bench .venv/bin/python bench/ingest.py --seconds 60
"""

import argparse
import http.client
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import exchange_rows
import numpy as np
import processor_time
import report
from assessments import post_signup
from commands import ROOT, manage, service

CLIENTS, ROWS, TEMPLATES = 4, 5_000, 4
SIMPLE_BATCHES = 4


def main() -> None:
    options = _options()
    manage("demo", "--check")
    _load_accounts()
    key = manage("create_api_key", "--name", "bench", "--scopes", "events,assess")
    started = datetime.now(UTC)
    with service() as (host, pid):
        bench = Bench(host, key["key"], options.seed, pid)
        bench.run(5, clients=CLIENTS)  # connections, caches, prepared statements
        alone = bench.run(min(20, options.seconds), clients=0)
        loaded = bench.run(options.seconds, clients=CLIENTS)
    figures = {
        "clients": CLIENTS,
        "rows_a_batch": ROWS,
        "batches": loaded,
        "assessments_alone": alone["assessments_ms_p50_p95_p99"],
        "acknowledged": bench.acknowledged,
        "stored": _stored(started),
        "simple_way": _simple(options.seed),
    }
    path = report.write("ingest", seed=options.seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")
    if figures["stored"] != figures["acknowledged"]:
        sys.exit("what was acknowledged is not what is stored")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=int, default=60, choices=range(5, 301), metavar="5..300"
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Bench:
    """One service under load; what it acknowledged adds up over all runs."""

    def __init__(self, host: str, key: str, seed: int, service: int) -> None:
        self.host, self.key, self.seed = host, key, seed
        self.service, self.acknowledged = service, 0
        self._serial = itertools.count(int(time.time()) % 2**20 * 2**12)
        self._templates = [
            exchange_rows.batch(ROWS, seed + at) for at in range(TEMPLATES)
        ]
        self._lock = threading.Lock()

    def run(self, seconds: int, *, clients: int) -> dict:
        """Load the service for so long; return rates, latencies and costs."""
        self._times: list[float] = []
        self._signups: list[float] = []
        self._turned_away, self._rows = 0, 0
        self._failures: list[str] = []
        roots = (*processor_time.below(self.service, "granian"), _postgres())
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=self._guarded, args=(self._send, at, until))
            for at in range(clients)
        ]
        threads.append(
            threading.Thread(target=self._guarded, args=(self._assess, until))
        )
        cost, own = processor_time.of_tree(*roots), time.process_time()
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            sys.exit(self._failures[0])
        elapsed = time.monotonic() - began
        cost = processor_time.of_tree(*roots) - cost
        return {
            "seconds": round(elapsed, 1),
            "rows": self._rows,
            "rows_per_second": round(self._rows / elapsed),
            "rows_per_processor_second": round(self._rows / cost),
            "processor_seconds": round(cost, 1),
            "clients_processor_seconds": round(time.process_time() - own, 1),
            "batch_s_p50_p95_p99": _quantiles(self._times),
            "turned_away": self._turned_away,
            "assessments": len(self._signups),
            "assessments_ms_p50_p95_p99": _quantiles(self._signups, 1000),
        }

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except (OSError, http.client.HTTPException) as error:
            self._failures.append(f"the connection broke: {error!r}")

    def _send(self, number: int, until: float) -> None:
        link = http.client.HTTPConnection(self.host, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
        }
        while time.monotonic() < until:
            body = exchange_rows.fresh(
                self._templates[number % TEMPLATES], next(self._serial)
            )
            began = time.perf_counter()
            while (answer := _posted(link, body, headers))[0] == 429:
                self._turned_away += 1
                time.sleep(float(answer[2]))  # as the answer asks
            if answer[0] != 200:
                self._failures.append(f"a batch was answered with {answer[:2]}")
                return
            with self._lock:
                self._times.append(time.perf_counter() - began)
                self._rows += answer[1]["accepted"]
                self.acknowledged += answer[1]["accepted"]

    def _assess(self, until: float) -> None:
        link = http.client.HTTPConnection(self.host, timeout=60)
        chance = random.Random(self.seed)
        while time.monotonic() < until:
            took, problem = post_signup(link, self.key, chance)
            if problem:
                self._failures.append(f"an assessment was answered with {problem}")
                return
            self._signups.append(took)
            time.sleep(0.05)  # a customer now and then, not a load of its own


def _posted(
    link: http.client.HTTPConnection, body: bytes, headers: dict
) -> tuple[int, dict, str | None]:
    link.request("POST", "/v1/events/batch", body, headers)
    answer = link.getresponse()
    content = json.loads(answer.read())
    return answer.status, content, answer.getheader("Retry-After")


def _quantiles(values: list[float], scale: float = 1) -> list[float]:
    if not values:
        return []
    return np.percentile(np.array(values) * scale, [50, 95, 99]).round(3).tolist()


def _load_accounts() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = "".join(json.dumps(row) + "\n" for row in exchange_rows.accounts())
        (Path(folder) / "accounts.ndjson").write_text(lines)
        manage("import_bundle", folder)


def _postgres() -> int:
    _set_up()
    from apps.core import embedded
    from apps.core.embedded.keeper import server_pid

    pid = server_pid(embedded.Layout.of_settings().data)
    if pid is None:
        sys.exit("this benchmark measures the embedded PostgreSQL; unset DATABASE_URL")
    return pid


def _stored(since: datetime) -> int:
    _set_up()
    from django.db import connection

    from apps.core import embedded

    embedded.ensure()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT (account_id, event_id))"
            " FROM signals_usagehot WHERE recorded_at >= %s",
            [since],
        )
        rows, facts = cursor.fetchone()
    if rows != facts:
        sys.exit(f"{rows - facts} facts are stored twice")
    return rows


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kycrisk.settings")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


def _simple(seed: int) -> dict:
    script = Path(__file__).parent / "simple_way.py"
    done = subprocess.run(
        [sys.executable, script, str(ROWS), str(SIMPLE_BATCHES), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    cost = found["python_s"] + found["postgres_s"]
    return found | {"rows_per_processor_second": round(found["rows"] / cost)}


if __name__ == "__main__":
    main()
