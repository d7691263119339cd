"""Exactly once by (account_id, event_id): keys of the last days, claimed in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from apps.signals.choices import Verdict

# The endpoint refuses rows older than LATE; keys outlive them by a day.
LATE: Final = timedelta(days=7)
KEPT: Final = timedelta(days=8)
_CHUNK: Final = 20_000

_CLAIM: Final = """
WITH incoming AS MATERIALIZED (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
    WITH ORDINALITY AS r(account_id, event_id, digest, occurred_at, place)
), fresh AS (
    INSERT INTO signals_eventkey (account_id, event_id, digest, occurred_at)
    SELECT account_id, event_id, digest, occurred_at FROM incoming
    ORDER BY account_id, event_id ON CONFLICT DO NOTHING
    RETURNING account_id, event_id
)
SELECT place FROM incoming LEFT JOIN fresh USING (account_id, event_id)
WHERE fresh.account_id IS NULL
"""
_HELD: Final = """
SELECT r.place, k.digest = r.digest
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
    AS r(account_id, event_id, digest, place)
JOIN signals_eventkey k USING (account_id, event_id)
"""


@dataclass(frozen=True, slots=True)
class Key:
    """The identity of one fact and a digest of its body."""

    account_id: str
    event_id: str
    digest: int
    occurred_at: datetime


def claim(keys: Sequence[Key]) -> list[Verdict]:
    """Claim distinct keys inside the caller's transaction; say which were free.

    Two transactions that claim the same key wait for each other; all claim in the order
    of the keys, so they cannot deadlock.
    """
    ordered = sorted(
        range(len(keys)), key=lambda at: (keys[at].account_id, keys[at].event_id)
    )
    verdicts = [Verdict.ACCEPTED] * len(keys)
    for start in range(0, len(ordered), _CHUNK):
        places = ordered[start : start + _CHUNK]
        for place, verdict in _claimed([keys[at] for at in places]).items():
            verdicts[places[place]] = verdict
    return verdicts


def _claimed(keys: Sequence[Key]) -> dict[int, Verdict]:
    """Return the verdicts of keys that somebody holds already."""
    columns = (
        [key.account_id for key in keys],
        [key.event_id for key in keys],
        [key.digest for key in keys],
    )
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [*columns, [key.occurred_at for key in keys]])
        taken = [place - 1 for (place,) in cursor.fetchall()]
        if not taken:
            return {}
        held = [[column[place] for place in taken] for column in columns]
        cursor.execute(_HELD, [*held, taken])
        return {
            place: Verdict.DUPLICATE if same else Verdict.CONFLICT
            for place, same in cursor.fetchall()
        }


def prune(*, at: datetime) -> int:
    """Delete keys of facts that the endpoint would refuse as too late; count them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM signals_eventkey WHERE occurred_at < %s", [at - KEPT]
        )
        return cursor.rowcount
