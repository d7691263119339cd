"""Forty accounts that share cards, devices and phones."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ml.features import FEATURES
from ml.frames import FeatureFrame

T = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = tuple(feature.name for feature in FEATURES if feature.group == "entry")


def accounts() -> Iterator[Mapping[str, Any]]:
    """Forty sign-ups over 100 days that share cards, devices and phones."""
    for number in range(40):
        yield {
            "account_id": f"account-{number:02}",
            "created_at": T - timedelta(days=2.5 * number, hours=1),
            "email": f"person{number % 4:02}@example{number % 3}.com",
            "email_verified": number % 2 == 0,
            "phone": f"+4930123{number % 7:04}",
            "declared_country": "DE" if number % 3 else "FR",
            "payment_country": "DE",
            "payment_type": "card",
            "payment_fingerprint": f"card-{number % 5}",
            "payment_funding": "prepaid" if number % 4 == 0 else None,
            "signup_ip": f"198.51.{number}.7",
            "signup_device_id": f"device-{number % 9}" if number % 2 else None,
            "signup_form_ms": 900 * number,
            "contract": number == 7,
        }


def value(frame: FeatureFrame, name: str, account: str) -> float:
    return float(frame.column(name)[frame.account_ids.index(account)])
