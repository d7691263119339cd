"""From a checked raw row to what is stored: facts, shared values, personal values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.customers.services import hashing, vault
from apps.reference import services as reference

Row = Mapping[str, Any]

# Raw columns that an account version repeats unchanged.
_COPIED: Final = (
    "kind",
    "plan",
    "channel",
    "email_verified",
    "phone_verified",
    "declared_country",
    "declared_use_case",
    "signup_timezone",
    "signup_form_ms",
    "payment_type",
    "payment_bin",
    "contract",
    "permitted_scope",
    "customer_id",
    "parent_account_id",
)
# What stays as it was at sign-up, whatever later versions say.
SIGNUP_KINDS: Final = frozenset({"bin_day", "device", "ja4", "ip", "net"})
_MIN_NAME_PART: Final = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What one raw row becomes. `columns` are those of its version table."""

    key: str  # account_id or customer_id
    columns: dict[str, Any]
    personal: dict[str, str]
    values: tuple[tuple[str, str], ...] = ()  # (kind, keyed hash)
    created_at: datetime | None = None
    valid_from: datetime | None = None
    raw: bytes = b""  # keyed digest of the raw content, without valid_from


def digest_of(raw: bytes, moment: datetime | None) -> bytes:
    """Return the 16 bytes that name a version: its content and when it starts."""
    text = raw + (moment.isoformat().encode() if moment else b"")
    return hashing.mac("version", text)[:16]


def _raw_digest(row: Row) -> bytes:
    """Return a keyed digest of a raw row: it covers personal values too."""
    kept = {k: v for k, v in row.items() if k != "valid_from" and v is not None}
    text = json.dumps(kept, sort_keys=True, default=str).encode()
    return hashing.mac("raw", text)


def account_facts(rows: Sequence[Row]) -> list[Facts]:
    """Enrich rows of `accounts`, all of them in one pass over each list."""
    emails = [row["email"] for row in rows]
    classes = reference.lookup_email_domains(
        [hashing.email_domain(email) for email in emails]
    )
    patterns = [
        hashing.email_pattern(email, name) if email else None
        for email, name in zip(emails, classes, strict=True)
    ]
    columns = _account_columns(rows, classes, patterns)
    values = _account_values(rows, classes, patterns)
    return [
        Facts(
            key=row["account_id"],
            columns=columns[at],
            personal=_personal(row),
            values=values[at],
            created_at=row["created_at"],
            valid_from=row["valid_from"],
            raw=_raw_digest(row),
        )
        for at, row in enumerate(rows)
    ]


def _account_columns(
    rows: Sequence[Row], classes: Sequence[str], patterns: Sequence[str | None]
) -> list[dict[str, Any]]:
    """Return the columns of each account version, given what its mail address is."""
    ips = reference.lookup_ips([row["signup_ip"] for row in rows])
    bins = reference.lookup_bins([row["payment_bin"] for row in rows])
    payments = [
        row["payment_country"] or country
        for row, (country, _) in zip(rows, bins, strict=True)
    ]
    declared = [row["declared_country"] for row in rows]
    phones = reference.phone_countries(
        [row["phone"] for row in rows],
        zip(declared, payments, ips.country, strict=True),
    )
    clients = hashing.keyed("client", [row["signup_ja4"] for row in rows])
    found = []
    for at, row in enumerate(rows):
        has_ip = row["signup_ip"] is not None
        _, funding = bins[at]
        derived = {
            "email_class": classes[at] if row["email"] else None,
            "email_pattern": patterns[at],
            "phone_country": phones[at],
            "org_domain_matches": _domain_matches(row["org_domain"], row["email"]),
            "registration_given": _registration_given(row),
            "signup_ip_class": ips.ip_class[at] if has_ip else None,
            "signup_asn": int(ips.asn[at]) if has_ip and ips.asn[at] >= 0 else None,
            "signup_ip_country": ips.country[at],
            "signup_client": clients[at],
            "payment_funding": row["payment_funding"] or funding,
            "payment_country": payments[at],
            "payer_matches": _payer_matches(row),
        }
        found.append({name: row[name] for name in _COPIED} | derived)
    return found


def _personal(row: Row) -> dict[str, str]:
    return {name: row[name] for name in vault.FIELDS if row.get(name) not in {None, ""}}


def _account_values(
    rows: Sequence[Row], classes: Sequence[str], patterns: Sequence[str | None]
) -> list[tuple[tuple[str, str], ...]]:
    """Return the keyed values that each account may share with others."""
    ips, nets = hashing.address_keys([row["signup_ip"] for row in rows])
    forms: dict[str, list[str | None]] = {
        "card": [row["payment_fingerprint"] for row in rows],
        "bin_day": [_bin_day(row) for row in rows],
        "device": [row["signup_device_id"] for row in rows],
        "ja4": [row["signup_ja4"] for row in rows],
        "email": [row["email"] and hashing.mailbox(row["email"]) for row in rows],
        "email_pattern": list(patterns),
        "phone": [row["phone"] for row in rows],
        "phone_block": [
            row["phone"] and hashing.phone_block(row["phone"]) for row in rows
        ],
        "address": [
            hashing.address_form(
                row["address_line"], row["postal_code"], row["city"], row["country"]
            )
            for row in rows
        ],
        "payer": [
            hashing.payer_form(row["payer_name"]) if row["payer_name"] else None
            for row in rows
        ],
        "registration": [_registration(row) for row in rows],
        "organization": [
            _organization(row, name) for row, name in zip(rows, classes, strict=True)
        ],
    }
    keys = {kind: hashing.keyed(kind, texts) for kind, texts in forms.items()}
    keys |= {"ip": ips, "net": nets}
    return [
        tuple((kind, value) for kind in keys if (value := keys[kind][at]) is not None)
        for at in range(len(rows))
    ]


def _bin_day(row: Row) -> str | None:
    card = row["payment_bin"]
    return hashing.bin_day(card, row["created_at"]) if card else None


def _registration(row: Row) -> str | None:
    number = row["registration_number"]
    country = row.get("country") or row.get("declared_country")
    return hashing.registration_form(number, country) if number else None


def _organization(row: Row, email_class: str) -> str | None:
    """Return the domain of who works there: a confirmed mailbox in its own domain.

    A name that anybody could write down, or a domain that strangers share, is none:
    of `x@firm.co.uk` who says `co.uk` it is `firm.co.uk`.
    """
    proven = row["email_verified"] and email_class == "corporate"
    if not proven or not _domain_matches(row["org_domain"], row["email"]):
        return None
    return hashing.email_domain(row["email"])


def _domain_matches(domain: str | None, email: str | None) -> bool | None:
    """Whether the mail address belongs to the organization's domain."""
    mail = hashing.email_domain(email)
    if not domain or not mail:
        return None
    return mail == domain or mail.endswith(f".{domain}")


def _registration_given(row: Row) -> bool | None:
    if row["registration_number"]:
        return True
    return False if row["kind"] == "organization" else None


def _payer_matches(row: Row) -> bool | None:
    """Whether payer and account holder share a part of their names.

    Only a total difference counts: names have many spellings.
    """
    payer = _name_parts(row["payer_name"])
    holder = _name_parts(row["name"]) | _name_parts(row["org_name"])
    if not payer or not holder:
        return None
    return bool(payer & holder)


def _name_parts(name: str | None) -> set[str]:
    parts = hashing.plain_text(name or "").split()
    return {part for part in parts if len(part) >= _MIN_NAME_PART}


def customer_facts(rows: Sequence[Row]) -> list[Facts]:
    """Enrich rows of `customers`."""
    numbers = hashing.keyed("registration", [_registration(row) for row in rows])
    copied = ("kind", "country", "verified_level", "beneficial_owners")
    return [
        Facts(
            key=row["customer_id"],
            columns={name: row[name] for name in copied} | {"registration": number},
            personal=_personal(row),
            raw=_raw_digest(row),
        )
        for row, number in zip(rows, numbers, strict=True)
    ]


def api_key_facts(rows: Sequence[Row]) -> list[Facts]:
    """Enrich rows of `api_keys`."""
    ips, nets = hashing.address_keys([row["created_ip"] for row in rows])
    copied = ("key_id", "created_at", "revoked_at", "name", "scopes", "environment")
    return [
        Facts(
            key=row["account_id"],
            columns={name: row[name] for name in copied} | {"created_net": net},
            personal={},
            values=(("ip", ip), ("net", net)) if ip and net else (),
            created_at=row["created_at"],
            raw=_raw_digest(row),
        )
        for row, ip, net in zip(rows, ips, nets, strict=True)
    ]


def payment_method_facts(rows: Sequence[Row]) -> list[Facts]:
    """Enrich rows of `payment_methods`."""
    cards = hashing.keyed("card", [row["fingerprint"] for row in rows])
    payers = hashing.keyed(
        "payer",
        [row["payer_name"] and hashing.payer_form(row["payer_name"]) for row in rows],
    )
    bins = reference.lookup_bins([row["bin"] for row in rows])
    copied = ("added_at", "removed_at", "type", "bin")
    return [
        Facts(
            key=row["account_id"],
            columns={name: row[name] for name in copied}
            | {
                "fingerprint": card,
                "funding": row["funding"] or funding,
                "country": row["country"] or country,
            },
            personal=_personal(row),
            values=tuple(
                (kind, value)
                for kind, value in (("card", card), ("payer", payer))
                if value is not None
            ),
            created_at=row["added_at"],
            raw=_raw_digest(row),
        )
        for row, card, payer, (country, funding) in zip(
            rows, cards, payers, bins, strict=True
        )
    ]
