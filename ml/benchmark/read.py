"""What the scorer reads: the truth of a world and the files a system exported."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Account:
    """What one account really is: its archetype, and its level where it is a ring's."""

    account_id: str
    archetype: str
    level: str | None
    ring: str | None
    honest: bool
    group: int = 0  # of countries: fairness is measured between them
    house: str | None = None  # the organization or family of an honest account
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """The scores of all accounts that existed at one moment."""

    as_of: datetime
    scores: Scores


def read_truth(path: Path) -> list[Account]:
    """Read `truth/accounts.parquet` of a world; only a scorer may call this."""
    names = [
        "account_id", "class", "archetype", "level", "ring", "country_group", "group",
        "created_at",
    ]  # fmt: skip
    rows = pq.read_table(path / "accounts.parquet", columns=names).to_pylist()
    return [
        Account(
            account_id=row["account_id"],
            archetype=row["archetype"],
            level=row["level"],
            ring=row["ring"],
            honest=row["class"] == "honest",
            group=row["country_group"],
            house=row["group"],
            created_at=row["created_at"].astimezone(UTC),
        )
        for row in rows
    ]


def read_scores(path: Path) -> Export:
    """Read the probabilities of one export by account."""
    table = pq.read_table(path, columns=["account_id", "probability", "as_of"])
    ids, scores = (table.column(at).to_pylist() for at in (0, 1))
    moments = set(table.column(2).to_pylist())
    if len(moments) != 1:
        raise ValueError(f"{path.name} holds scores of {len(moments)} moments, not one")
    return Export(moments.pop(), dict(zip(ids, scores, strict=True)))


def read_rings(path: Path) -> dict[str, str]:
    """Read the ring of each account that an export places in one."""
    table = pq.read_table(path, columns=["account_id", "ring_id", "membership"])
    rows = table.to_pylist()
    return {
        row["account_id"]: row["ring_id"]
        for row in rows
        if row["membership"] != "bystander"
    }
