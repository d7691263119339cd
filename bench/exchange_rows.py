"""Exchanges as a busy gateway sends them, with every sketch; to measure ingest."""

import json
import random
from datetime import UTC, datetime, timedelta

PEOPLE = 2_000
SERIAL = "~serial~"  # replaced in each copy of a batch, so that every fact is new


def accounts() -> list[dict]:
    born = datetime.now(UTC) - timedelta(days=30)
    return [
        {"account_id": f"bench-{number}", "created_at": born.isoformat()}
        for number in range(PEOPLE)
    ]


def batch(size: int, seed: int) -> bytes:
    """Return a JSON array of exchanges of the last five hours, about 960 bytes each."""
    chance = random.Random(seed)
    return json.dumps([_exchange(chance, number) for number in range(size)]).encode()


def fresh(template: bytes, serial: int) -> bytes:
    """Return a batch of facts that were never sent; `serial` tells batches apart."""
    return template.replace(SERIAL.encode(), f"{serial:08x}".encode())


def _exchange(chance: random.Random, number: int) -> dict:
    person, form = chance.randrange(PEOPLE), chance.randrange(60)
    when = datetime.now(UTC) - timedelta(seconds=5 + chance.random() * 18_000)
    return {
        "event_id": f"use-{SERIAL}-{number:05d}",
        "occurred_at": when.isoformat().replace("+00:00", "Z"),
        "account_id": f"bench-{person}",
        "key_id": f"key-{person}-{chance.randrange(2)}",
        "ip": f"{11 + person % 80}.{person % 200}.7.{chance.randrange(1, 4)}",
        "client": f"t13d1516h2_{person % 30:012x}",
        "surface": "api",
        "model": chance.choice(["large-1", "small-1"]),
        "input_tokens": chance.randrange(10, 4_000),
        "output_tokens": chance.randrange(1, 2_000),
        "max_tokens": 2_048,
        "status": 200,
        "latency_ms": chance.randrange(100, 9_000),
        "conversation_id": f"conv-{chance.getrandbits(48):012x}",
        "turn": chance.randrange(8),
        "tools": 0,
        "scaffold": f"{form * 7919:016x}",
        "sketch": f"{chance.getrandbits(64):016x}",
        "minhash": [chance.getrandbits(32) for _ in range(16)],
        "category": chance.choice(["chat", "code", "reasoning"]),
        "language_bucket": "latin",
        "params": f"{form % 9:016x}",
        "filler": [chance.getrandbits(32) for _ in range(16)],
        "safety": "none",
        "elicits": "none",
    }
