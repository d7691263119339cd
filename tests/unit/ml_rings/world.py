"""A site for the ring pass: honest accounts, and groups that tests add to them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from ml.rings.find import find
from tests import canonical

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
OLD, NEW = AS_OF - timedelta(days=120), AS_OF - timedelta(days=10)


def account(account_id: str, created: datetime, **facts: object) -> dict:
    return {
        "account_id": account_id,
        "created_at": created,
        "recorded_at": created,
        "email_verified": True,
        **facts,
    }


def value(account_id: str, kind: str, text: str, at: datetime) -> dict:
    return {
        "account_id": account_id,
        "kind": kind,
        "value": text,
        "seen_at": at,
        "recorded_at": at,
    }


def exchange(account_id: str, number: int, at: datetime, **columns: object) -> dict:
    at += timedelta(microseconds=997 * (number + 1))  # as clocks have it
    return {
        "account_id": account_id,
        "event_id": f"{account_id}-{number}",
        "occurred_at": at,
        "recorded_at": at,
        "key_id": account_id,
        "model": "m",
        **columns,
    }


class World:
    """An honest population of old accounts; tests add their own groups."""

    def __init__(self, honest: int = 600) -> None:
        self.random = np.random.default_rng(5)
        self.accounts: list[dict] = []
        self.values: list[dict] = []
        self.usage: list[dict] = []
        for at in range(honest):
            name = f"honest-{at:04}"
            self.accounts.append(account(name, OLD))
            self.values += [
                value(name, "card", f"card-{at}", OLD),
                value(name, "device", f"device-{at}", OLD),
                value(name, "ja4", f"ja4-{at % 5}", OLD),
                value(name, "net", f"net-{at % 90}", OLD),
            ]

    def backend(self):
        return canonical.backend(
            accounts=self.accounts, account_values=self.values, usage=self.usage
        )

    def campaign(self, size: int = 24) -> list[str]:
        """Shared device image and BIN runs; one scaffold, fillers never repeated."""
        names = [f"pool-{at:03}" for at in range(size)]
        for at, name in enumerate(names):
            self.accounts.append(account(name, NEW))
            self.values += [
                value(name, "device", f"image-{at % 3}", NEW),
                value(name, "bin_day", f"bin-{at % 2}", NEW),
            ]
            for number in range(12):
                moment = NEW + timedelta(hours=5 * number + at % 4)
                filler = [int(x) for x in self.random.integers(0, 2**32, 16)]
                columns = {"scaffold": "5caff01d00000001", "filler": filler}
                self.usage.append(exchange(name, number, moment, **columns))
        return names

    def campus(self, size: int = 80) -> list[str]:
        """One network and one homework; own cards and devices; a heavy-tailed split."""
        names = [f"student-{at:03}" for at in range(size)]
        fillers = [[at] * 16 for at in range(30)]
        for at, name in enumerate(names):
            self.accounts.append(account(name, NEW, email_class="education"))
            self.values += [
                value(name, "card", f"student-card-{at}", NEW),
                value(name, "device", f"laptop-{at}", NEW),
            ]
            for number in range(int(self.random.pareto(1.1) * 4) + 2):
                columns = {
                    "scaffold": "5caff01d00000002",
                    "filler": fillers[number % 30],
                    "net": "campus-net",
                    "ip_class": "education",
                }
                moment = NEW + timedelta(hours=number)
                self.usage.append(exchange(name, number, moment, **columns))
        return names


def ringed(world: World, least: float = 0.5) -> set[str]:
    rings, _ = find(world.backend(), as_of=AS_OF)
    likely = [ring for ring in rings if ring.probability >= least]
    return {member.account_id for ring in likely for member in ring.members}
