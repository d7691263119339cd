"""Accounts as a provider hands them over, each with a card and a device of its own."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from apps.customers import services as customers

T = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def account(name: str, created: datetime, **facts: object) -> dict[str, object]:
    return {
        "account_id": name,
        "created_at": created,
        "email_verified": True,
        "payment_fingerprint": f"card-{name}",
        "signup_device_id": f"device-{name}",
        **facts,
    }


def put(rows: Iterable[dict[str, object]], at: datetime) -> None:
    customers.put_accounts(rows=list(rows), source="bundle", at=at)
