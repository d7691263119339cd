"""Rows of an invented customer, as an operator would send them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.core.validation import validate_rows
from apps.customers import services as customers

T0 = datetime(2026, 5, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def account(account_id: str = "a1", **more: Any) -> dict[str, Any]:
    """Return one checked row of `accounts`."""
    raw = {"account_id": account_id, "created_at": T0} | more
    checked = validate_rows("accounts", [raw], as_of=NOW)
    assert not checked.rejects
    return checked.good[0]


FULL = {
    "kind": "organization",
    "plan": "build",
    "channel": "self_serve",
    "email": "jane.doe7@mail.acme.example",
    "email_verified": True,
    "phone": "+4915112345678",
    "name": "Jane Doe",
    "org_name": "Acme",
    "org_domain": "acme.example",
    "declared_country": "DE",
    "signup_ip": "192.0.2.9",
    "signup_ja4": "t13d1516h2",
    "signup_device_id": "dev-1",
    "payment_type": "card",
    "payment_fingerprint": "fp-1",
    "payment_bin": "400000",
    "payer_name": "DOE JANE",
    "address_line": "1 Street",
    "postal_code": "10115",
    "contract": False,
}


def put_children() -> None:
    """Store two keys and two payment methods of account `a1`; refuse one orphan."""
    keys = [
        {
            "key_id": "k1",
            "account_id": "a1",
            "created_at": T0,
            "created_ip": "192.0.2.9",
        },
        {"key_id": "k2", "account_id": "gone", "created_at": T0},
        {
            "key_id": "k3",
            "account_id": "a1",
            "created_at": T0,
            "revoked_at": T0 + timedelta(days=5),
        },
    ]
    report = customers.put_api_keys(rows=keys, source="bundle", at=NOW)
    assert (report.accepted, report.orphans) == (2, [1])
    methods = [
        {"account_id": "a1", "fingerprint": "fp-1", "added_at": T0, "bin": "400000"},
        {
            "account_id": "a1",
            "fingerprint": "fp-2",
            "added_at": T0 + timedelta(days=1),
            "type": "card",
        },
    ]
    report = customers.put_payment_methods(rows=methods, source="bundle", at=NOW)
    assert report.accepted == 2
