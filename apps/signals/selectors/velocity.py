"""Who else has the device, card, phone, mailbox or network: one bounded query."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.core.sql import fetch

WINDOWS: Final = {"1h": "1 hour", "24h": "1 day", "7d": "7 days", "90d": "90 days"}
CAP: Final = 200  # accounts that are looked at for one value, the latest first
_BAD: Final = "('confirmed_abuse', 'chargeback')"
_GOOD: Final = "('confirmed_legitimate', 'appeal_upheld')"
_COUNTS: Final = ", ".join(
    f"count(DISTINCT recent.account_id) FILTER"
    f" (WHERE recent.seen_at > at - interval '{length}')"
    for length in WINDOWS.values()
)
_SQL: Final = f"""
WITH asked AS (SELECT $1::timestamptz AS at),
me AS (SELECT id FROM customers_account WHERE account_id = $2),
own AS (
    SELECT DISTINCT v.kind, v.value FROM customers_accountvalue v, me, asked
    WHERE v.account_id = me.id AND v.seen_at <= at AND v.recorded_at <= at
)
SELECT own.kind, {_COUNTS}, count(*) >= {CAP},
    count(DISTINCT recent.account_id) FILTER (WHERE last.label IN {_BAD}),
    count(DISTINCT recent.account_id) FILTER (WHERE last.label IN {_GOOD})
FROM own CROSS JOIN asked CROSS JOIN me
JOIN LATERAL (
    SELECT other.account_id, other.seen_at FROM customers_accountvalue other
    WHERE other.kind = own.kind AND other.value = own.value
        AND other.seen_at <= at AND other.recorded_at <= at
        AND other.seen_at > at - interval '{WINDOWS["90d"]}'
        AND other.account_id <> me.id
    ORDER BY other.seen_at DESC LIMIT {CAP}
) recent ON true
LEFT JOIN LATERAL (
    SELECT label FROM signals_outcome o
    WHERE o.account_id = recent.account_id AND o.known_at <= at
    ORDER BY o.known_at DESC, o.id DESC LIMIT 1
) last ON true
GROUP BY own.kind, own.value
ORDER BY own.kind, own.value
"""


@dataclass(frozen=True, slots=True)
class Shared:
    """Other accounts with one value of an account.

    `accounts` counts them by window. With `floor` the value is so common that only the
    latest CAP sights were looked at, and every count is a lower bound. `bad` and `good`
    are those whose latest outcome says so.
    """

    kind: str
    accounts: dict[str, int]
    floor: bool
    bad: int
    good: int


def shared_values(*, account_id: str, as_of: datetime) -> list[Shared]:
    """Return what other accounts share with one, as known at T; nothing for a stranger.

    One entry for each of its values that anybody else had within 90 days.
    """
    size = len(WINDOWS)
    return [
        Shared(kind, dict(zip(WINDOWS, rest[:size], strict=True)), *rest[size:])
        for kind, *rest in fetch(_SQL, as_of, account_id)
    ]
