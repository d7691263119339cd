"""How much an account used, day by day; absent where no usage is known."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.customers.models import Account
from apps.signals.selectors import usage_by_day

DAYS = 60
MONTH = 30


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and requests of each of the last DAYS days; days without use are zero."""

    tokens_by_day: list[tuple[date, int]]
    requests_by_day: list[tuple[date, int]]
    refused: int
    tokens: int  # of the last 30 days
    requests: int


def usage_of(account: Account, *, at: datetime) -> Usage | None:
    """Return an account's usage known at `at`, or None where there is none."""
    rows = {row.date: row for row in usage_by_day(account.account_id, at, DAYS)}
    if not rows:
        return None
    span = [at.date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    tokens = [
        (day, rows[day].input_tokens + rows[day].output_tokens if day in rows else 0)
        for day in span
    ]
    requests = [(day, rows[day].requests if day in rows else 0) for day in span]
    return Usage(
        tokens_by_day=tokens,
        requests_by_day=requests,
        refused=sum(row.refused for row in rows.values()),
        tokens=sum(count for _, count in tokens[-MONTH:]),
        requests=sum(count for _, count in requests[-MONTH:]),
    )
