"""How fast POST /v1/assessments answers, with everything stored before it does.

Loads the demo world into KYCRISK_HOME where it is not there yet, starts the service,
and lets four clients on loopback sign accounts up for a bounded time. Every answer is
counted only if it is 201; afterwards the log must hold one entry for each. It is
measured twice: just after the start, beside the jobs that were due meanwhile (a pass
over all accounts is one of them), and at rest.

Example: KYCRISK_HOME=/tmp/bench .venv/bin/python bench/assessments.py --seconds 30
"""

import argparse
import http.client
import json
import random
import threading
import time
import uuid
from datetime import UTC, datetime

import numpy as np
import processor_time
import report
from commands import ROOT, manage, service

CLIENTS = 4
START_S = 10
REST_WITHIN_S = 300


def main() -> None:
    options = _options()
    manage("demo", "--check")
    key = manage("create_api_key", "--name", "bench", "--scopes", "assess")
    with service() as (host, pid):
        start = _load(host, key["key"], options.seed, START_S)
        waited = processor_time.settle(pid, within_s=REST_WITHIN_S)
        rest = _load(host, key["key"], options.seed + 1, options.seconds)
    figures = {
        "clients": CLIENTS,
        **_figures(*rest),
        "just_after_the_start": _figures(*start),
        "seconds_until_rest": round(waited, 1),
        "audit": manage("verify_audit", "--full"),
    }
    path = report.write("assessments", seed=options.seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")


def _figures(times: list[float], errors: dict[str, int], elapsed: float) -> dict:
    quantiles = np.percentile(np.array(times) * 1000, [50, 95, 99]).round(2)
    return {
        "seconds": round(elapsed, 2),
        "answers": len(times),
        "errors": errors,
        "per_second": round(len(times) / elapsed, 1),
        "ms_p50_p95_p99": quantiles.tolist(),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=int, default=30, choices=range(5, 301), metavar="5..300"
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _load(host: str, key: str, seed: int, seconds: int) -> tuple[list, dict, float]:
    """Let CLIENTS threads post for `seconds`; return seconds an answer, and errors."""
    times: list[float] = []
    errors: dict[str, int] = {}
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(
            target=_client, args=(host, key, seed + at, until, times, errors)
        )
        for at in range(CLIENTS)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, errors, time.monotonic() - started


def _client(
    host: str, key: str, seed: int, until: float, times: list, errors: dict
) -> None:
    chance = random.Random(seed)
    link = http.client.HTTPConnection(host, timeout=30)
    while time.monotonic() < until:
        took, problem = post_signup(link, key, chance)
        if problem:
            errors[problem] = errors.get(problem, 0) + 1
        else:
            times.append(took)


def post_signup(
    link: http.client.HTTPConnection, key: str, chance: random.Random
) -> tuple[float, str]:
    """Sign somebody up; return the seconds it took, and what went wrong if it did."""
    body = json.dumps(_signup(chance))
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    began = time.perf_counter()
    link.request("POST", "/v1/assessments", body, headers)
    answer = link.getresponse()
    content = answer.read()
    took = time.perf_counter() - began
    if answer.status == http.client.CREATED:
        return took, ""
    return took, f"{answer.status} {json.loads(content)['code']}"


def _signup(chance: random.Random) -> dict:
    """One sign-up; devices, cards and networks recur as they do at a real door."""
    number = uuid.uuid4().int >> 64
    return {
        "event": "signup",
        "occurred_at": datetime.now(UTC).isoformat(),
        "account": {
            "id": f"bench-{number:016x}",
            "kind": "individual",
            "plan": "free",
            "email": f"person{number:x}@mail{chance.randrange(40)}.example",
            "email_verified": chance.choice([True, True, False]),
            "phone": f"+491{chance.randrange(5 * 10**9, 8 * 10**9)}",
            "name": "Jordan Example",
            "declared_country": "DE",
        },
        "signup": {
            "ip": "11." + ".".join(str(chance.randrange(250)) for _ in range(3)),
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "ja4": f"t13d1516h2_{chance.randrange(9):012x}",
            "device_id": f"device-{chance.randrange(50_000)}",
            "timezone": "Europe/Berlin",
            "form_ms": chance.randrange(2_000, 60_000),
        },
        "payment": {
            "type": "card",
            "fingerprint": f"fingerprint-{chance.randrange(80_000):08}",
            "bin": f"{chance.randrange(400_000, 400_200)}",
            "funding": chance.choice(["credit", "debit"]),
            "country": "DE",
        },
    }


if __name__ == "__main__":
    main()
