"""How long the questions of a sign-up take in a database with many accounts.

Wants a KYCRISK_HOME with a large world in it, such as bench/bundles.py leaves. Asks
about accounts drawn at random, one at a time and twice over: the first round finds
little in memory, the second all of it. By the clock, client included.

Example: KYCRISK_HOME=/tmp/bench .venv/bin/python bench/hot_path.py
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import report
from commands import ROOT, ready

ACCOUNTS = 2000
SIZES = """
SELECT (SELECT count(*) FROM customers_account),
    (SELECT count(*) FROM customers_accountvalue)
"""
DRAWN = """
SELECT account_id FROM customers_account ORDER BY md5(account_id || %s) LIMIT %s
"""


def main() -> None:
    options = _options()
    ready()
    from django.db import connection

    from apps.features.selectors import ask_current
    from apps.signals.selectors import shared_values

    as_of = datetime.fromisoformat(options.as_of).replace(tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(SIZES)
        accounts, values = cursor.fetchone()
        cursor.execute(DRAWN, [str(options.seed), ACCOUNTS])
        ids = [account_id for (account_id,) in cursor.fetchall()]
    figures = {"accounts": accounts, "values": values, "asked": len(ids)}
    asked: dict[str, Callable] = {
        "shared_values": lambda one: shared_values(account_id=one, as_of=as_of),
        "ask_current": lambda one: ask_current(account_id=one, as_of=as_of)(),
    }
    for name, ask in asked.items():
        figures[name] = {turn: _milliseconds(ask, ids) for turn in ("first", "again")}
    path = report.write("hot_path", seed=options.seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as-of", default="2026-11-01")
    parser.add_argument("--seed", type=int, default=1, help="of the draw of accounts")
    return parser.parse_args()


def _milliseconds(ask: Callable, ids: list[str]) -> dict:
    times = []
    for account_id in ids:
        began = time.perf_counter()
        ask(account_id)
        times.append((time.perf_counter() - began) * 1e3)
    shares = {"p50": 50, "p95": 95, "p99": 99}
    return {name: round(np.percentile(times, at), 2) for name, at in shares.items()}


if __name__ == "__main__":
    main()
