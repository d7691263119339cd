"""Small bundles with known content, written in any form."""

import csv
import gzip
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

AT = datetime(2026, 4, 1, tzinfo=UTC)
START = datetime(2026, 3, 1, tzinfo=UTC)
HASHES = [f"{number:016x}" for number in range(7, 400, 13)]
Row = dict[str, Any]


def accounts(count: int = 12) -> list[Row]:
    rows = []
    for number in range(count):
        created = START + timedelta(hours=number)
        rows += [
            {
                "account_id": f"acc-{number}",
                "created_at": created,
                "kind": "organization" if number % 3 else "individual",
                "plan": plan,
                "channel": "self_serve",
                "email": f"person{number}@example.org",
                "email_verified": True,
                "declared_country": "DE",
                "signup_ip": f"192.0.2.{number + 1}",
                "signup_device_id": f"device-{number // 2}",
                "valid_from": created + later,
            }
            for plan, later in (("free", timedelta()), ("pro", timedelta(days=2)))
        ]
    return rows


def usage(
    count: int = 600, *, days: int = 4, seed: int = 1, people: int = 12
) -> list[Row]:
    chance = random.Random(seed)
    span = days * 86_400
    return [
        {
            "event_id": f"use-{seed}-{number}",
            "occurred_at": START + timedelta(days=1, seconds=chance.randrange(span)),
            "account_id": f"acc-{(person := chance.randrange(people))}",
            "key_id": f"key-{person}",
            "ip": f"198.51.100.{person + 1}",
            "client": "sdk-1",
            "surface": "api",
            "model": "large-1",
            "input_tokens": chance.randrange(1, 4000),
            "output_tokens": chance.randrange(1, 900),
            "status": chance.choice([200, 200, 200, 429]),
            "scaffold": chance.choice(HASHES),
            "minhash": [chance.randrange(2**32) for _ in range(16)],
            "category": "chat",
        }
        for number in range(count)
    ]


def windows(count: int = 40, *, people: int = 12) -> list[Row]:
    return [
        {
            "event_id": f"win-{number}",
            "account_id": f"acc-{number % people}",
            "window_start": START + timedelta(days=2, hours=number),
            "window_s": 3600,
            "requests": 100 + number,
            "input_tokens": 10_000,
            "output_tokens": 3_000,
            "models": {"large-1": 90, "small-1": 10 + number},
            "scaffolds": {HASHES[number % 5]: 50},
            "ip_list": ["198.51.100.7"],
            "minutes_active": 30,
        }
        for number in range(count)
    ]


def events(count: int = 30, *, people: int = 12) -> list[Row]:
    return [
        {
            "event_id": f"login-{number}",
            "type": "login",
            "occurred_at": START + timedelta(days=1, minutes=number * 7),
            "account_id": f"acc-{number % people}",
            "data": {
                "ip": f"203.0.113.{number % 5 + 1}",
                "device_id": f"device-{number % 4}",
                "success": True,
            },
        }
        for number in range(count)
    ]


def outcomes(count: int = 6) -> list[Row]:
    return [
        {
            "outcome_id": f"out-{number}",
            "account_id": f"acc-{number}",
            "label": "confirmed_abuse" if number % 2 else "confirmed_legitimate",
            "source": "investigation",
            "observed_at": START + timedelta(days=3),
            "known_at": START + timedelta(days=5, hours=number),
        }
        for number in range(count)
    ]


def write_world(folder: Path, *, usage_rows: int = 600) -> Path:
    """Write a clean bundle of every bulk form; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_ndjson(folder / "accounts.ndjson", accounts())
    rows = usage(usage_rows)
    half = len(rows) // 2
    write_parquet(folder / "usage" / "a.parquet", rows[:half])
    write_ndjson(folder / "usage" / "b.ndjson.gz", rows[half:])
    write_parquet(folder / "usage_window.parquet", windows())
    write_ndjson(folder / "events.ndjson.gz", events())
    write_csv(folder / "outcomes.csv", outcomes())
    write_ndjson(
        folder / "provider.ndjson",
        [{"kind": "model_release", "at": START + timedelta(days=2), "name": "large-2"}],
    )
    return folder


def write_parquet(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, pa.Array] = {}
    for name in rows[0]:
        values = [row.get(name) for row in rows]
        arrays[name] = pa.array(
            [list(v.items()) if isinstance(v, dict) else v for v in values],
            _arrow_type(name, values),
        )
    pq.write_table(pa.table(arrays), path)


def _arrow_type(name: str, values: list[Any]) -> pa.DataType | None:
    if any(isinstance(value, datetime) for value in values):
        return pa.timestamp("us", "UTC")
    if any(isinstance(value, dict) for value in values):
        return pa.map_(pa.string(), pa.int64())
    return pa.list_(pa.uint32()) if name in {"minhash", "filler"} else None


def plain(row: Row) -> Row:
    """Return a row as JSON has it."""
    return {
        name: value.isoformat().replace("+00:00", "Z")
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
    }


def write_ndjson(path: Path, rows: list[Row]) -> None:
    write_lines(path, [json.dumps(plain(row)).encode() for row in rows])


def write_lines(path: Path, lines: list[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def write_csv(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(
            {
                name: json.dumps(value) if isinstance(value, (dict, list)) else value
                for name, value in plain(row).items()
            }
            for row in rows
        )
