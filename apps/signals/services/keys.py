"""Exactly once by (account_id, event_id): keys of the last days, claimed in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from apps.signals.choices import Verdict
from apps.signals.services.once import insert_once

# The endpoint refuses rows older than LATE; keys outlive them by a day.
LATE: Final = timedelta(days=7)
KEPT: Final = timedelta(days=8)
_TYPES: Final = {
    "account_id": "text",
    "event_id": "text",
    "digest": "bigint",
    "occurred_at": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class Key:
    """The identity of one fact and a digest of its body."""

    account_id: str
    event_id: str
    digest: int
    occurred_at: datetime


def claim(keys: Sequence[Key]) -> list[Verdict]:
    """Claim distinct keys inside the caller's transaction; say which were free.

    Two transactions that claim the same key wait for each other.
    """
    return insert_once(
        table="signals_eventkey",
        types=_TYPES,
        keys=("account_id", "event_id"),
        rows=[
            (key.account_id, key.event_id, key.digest, key.occurred_at) for key in keys
        ],
    )


def prune(*, at: datetime) -> int:
    """Delete keys of facts that the endpoint would refuse as too late; count them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM signals_eventkey WHERE occurred_at < %s", [at - KEPT]
        )
        return cursor.rowcount
