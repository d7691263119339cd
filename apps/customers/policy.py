"""Versions: which columns each table has, and what the audit log repeats of a row."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

Columns = tuple[tuple[str, str], ...]  # (name, SQL type)


def columns_of(spec: str) -> Columns:
    pairs = (word.partition(":") for word in spec.split())
    return tuple((name, kind or "text") for name, _, kind in pairs)


@dataclass(frozen=True, slots=True)
class Parent:
    """A table of subjects: what versions hang on."""

    table: str
    key: str
    extra: Columns


@dataclass(frozen=True, slots=True)
class Shape:
    """A table of versions, and how its rows are named in the audit log."""

    table: str
    parent: Parent
    fk: str
    columns: Columns
    object_type: str
    audit_kind: str


ACCOUNT: Final = Parent(
    "customers_account",
    "account_id",
    columns_of("created_at:timestamptz recorded_at:timestamptz"),
)
CUSTOMER: Final = Parent("customers_customer", "customer_id", ())
_STAMPS: Final = columns_of("recorded_at:timestamptz digest:bytea")
ACCOUNT_VERSION: Final = Shape(
    "customers_accountversion",
    ACCOUNT,
    "account_id",
    columns_of("valid_from:timestamptz")
    + _STAMPS
    + columns_of(
        """history kind plan channel email_class email_pattern email_verified:boolean
        phone_verified:boolean phone_country declared_country declared_use_case
        org_domain_matches:boolean registration_given:boolean signup_ip_class
        signup_asn:bigint signup_ip_country signup_client signup_timezone
        signup_form_ms:bigint payment_type payment_funding payment_country payment_bin
        payer_matches:boolean contract:boolean permitted_scope customer_id
        parent_account_id"""
    ),
    "account_version",
    "customers.account.recorded",
)
CUSTOMER_VERSION: Final = Shape(
    "customers_customerversion",
    CUSTOMER,
    "customer_id",
    columns_of("valid_from:timestamptz")
    + _STAMPS
    + columns_of(
        """kind country verified_level:smallint beneficial_owners:integer
        registration"""
    ),
    "customer_version",
    "customers.customer.recorded",
)
API_KEY: Final = Shape(
    "customers_apikey",
    ACCOUNT,
    "account_id",
    _STAMPS
    + columns_of(
        """key_id created_at:timestamptz revoked_at:timestamptz name scopes environment
        created_net"""
    ),
    "api_key",
    "customers.api_key.recorded",
)
PAYMENT_METHOD: Final = Shape(
    "customers_paymentmethod",
    ACCOUNT,
    "account_id",
    _STAMPS
    + columns_of(
        """fingerprint added_at:timestamptz removed_at:timestamptz type bin funding
        country"""
    ),
    "payment_method",
    "customers.payment_method.recorded",
)
SHAPES: Final = (ACCOUNT_VERSION, CUSTOMER_VERSION, API_KEY, PAYMENT_METHOD)


def row_content(shape: Shape, key: str, row: Sequence[Any]) -> dict[str, object]:
    """Return what the audit log repeats of a version: a hash of its stored columns."""
    text = json.dumps([_plain(value) for value in row])
    return {shape.parent.key: key, "columns": hashlib.sha256(text.encode()).hexdigest()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return bytes(value).hex() if isinstance(value, (bytes, memoryview)) else value
