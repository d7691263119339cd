"""Files as strangers export them: odd names, odd dates, a few bad rows."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
HEADER = [
    "User ID", "E-Mail", "Registered", "Country", "IP address", "Tier", "Phone no.",
    "Card fingerprint", "Card type", "Device", "Mail confirmed?", "Favourite colour",
]  # fmt: skip


def customers(rows: int = 200, *, bad: int = 3, seed: int = 7) -> bytes:
    """Return a CSV as a German spreadsheet writes it, the last `bad` rows broken.

    A tenth of the accounts share a few cards, devices and networks.
    """
    chance = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for number in range(rows):
        writer.writerow(_customer(number, chance))
    for number in range(bad):
        cells = _customer(rows + number, chance)
        cells[2] = "soon"
        writer.writerow(cells)
    return out.getvalue().encode("utf-8-sig")


def _customer(number: int, chance: random.Random) -> list[str]:
    ring = number % 10 == 0
    group = number // 10 % 4
    opened = START + timedelta(minutes=7 * number)
    return [
        f"u-{number:05d}",
        f"qa{number}.k{group}@tempmail{group}.example" if ring
        else f"{chance.choice(['ana', 'ben', 'chi'])}{number}@firm{number}.example",
        opened.strftime("%d.%m.%Y %H:%M"),
        chance.choice(["de", "fr", "us", "in"]),
        f"198.51.{100 + group}.{number % 50}" if ring
        else f"203.0.{number % 250}.{number // 250 + 1}",
        "pro" if ring else chance.choice(["free", "team", "pro"]),
        f"0049 151 {2_000_000 + number}",
        f"card-{group}" if ring else f"card-own-{number}",
        "prepaid" if ring else "credit",
        f"dev-{group}" if ring else f"dev-own-{number}",
        "no" if ring else "yes",
        "blue",
    ]  # fmt: skip


def requests(rows: int = 400, *, people: int = 200, seed: int = 3) -> bytes:
    """Return request logs as NDJSON, with the words of an API gateway."""
    chance = random.Random(seed)
    lines = []
    for number in range(rows):
        moment = START + timedelta(days=2, seconds=97 * number)
        person = chance.randrange(people)
        lines.append(
            f'{{"request_id": "req-{number}", "ts": {int(moment.timestamp())},'
            f' "user_id": "u-{person:05d}", "api_key": "k-{person}",'
            f' "model_name": "large-1", "prompt_tokens": {chance.randrange(4000)},'
            f' "completion_tokens": {chance.randrange(900)},'
            f' "remote_addr": "203.0.{person % 250}.7"}}\n'
        )
    return "".join(lines).encode()
