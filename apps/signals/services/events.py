"""Events of an account into their table, and the values that they reveal."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.customers import services as customers
from apps.customers.services import hashing
from apps.reference import services as reference
from apps.signals.choices import Verdict
from apps.signals.services.once import insert_once

# account_id, kind, keyed hash, seen_at, recorded_at
SharedValue = tuple[str, str, str, datetime, datetime]
_TYPES: Final = {
    "account_id": "bigint",
    "event_id": "text",
    "type": "text",
    "occurred_at": "timestamptz",
    "recorded_at": "timestamptz",
    "ingested_at": "timestamptz",
    "key_id": "text",
    "ip": "text",
    "net": "text",
    "asn": "bigint",
    "ip_class": "text",
    "device": "text",
    "fingerprint": "text",
    "bin": "text",
    "funding": "text",
    "country": "text",
    "success": "boolean",
    "mfa": "boolean",
    "amount_minor": "bigint",
    "currency": "text",
    "plan": "text",
    "method": "text",
    "result": "text",
    "action": "text",
    "digest": "bytea",
}
_PLAIN: Final = (
    "key_id",
    "bin",
    "funding",
    "country",
    "success",
    "mfa",
    "amount_minor",
    "currency",
    "plan",
    "method",
    "result",
    "action",
)
# What the system adds itself is no part of a fact's body.
_NOT_BODY: Final = {"recorded_at", "ingested_at", "asn", "ip_class"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """One event ready to store, and the shared values that it reveals."""

    fact: dict[str, Any]
    values: list[SharedValue]

    @property
    def short_digest(self) -> int:
        """The digest as a signed 64-bit number, for the table of keys."""
        return int.from_bytes(self.fact["digest"][:8], "big", signed=True)


def put_events(
    *,
    rows: Sequence[Mapping[str, Any]],
    account_keys: Mapping[str, int],
    recorded_at: datetime | None,
    at: datetime,
) -> list[Verdict]:
    """Store checked rows of `events` whose (account_id, event_id) are distinct.

    Without `recorded_at` a row counts as recorded when it occurred. Values that
    accounts can share go to `customers` for the rows that are new.
    """
    prepared = prepare_events(rows, account_keys, recorded_at, at)
    return store_events(prepared)


def prepare_events(
    rows: Sequence[Mapping[str, Any]],
    account_keys: Mapping[str, int],
    recorded_at: datetime | None,
    at: datetime,
) -> list[Prepared]:
    """Hash, look up and digest checked rows; no raw value is left."""
    prepared = []
    for row, hashed in zip(rows, _looked_up(rows), strict=True):
        fact = _fact(row, account_keys, hashed, recorded_at, at)
        values = _values(row, hashed, fact["recorded_at"])
        prepared.append(Prepared(fact, values))
    return prepared


@transaction.atomic
def store_events(prepared: Sequence[Prepared]) -> list[Verdict]:
    """Insert prepared events with distinct keys; say for each whether it was new."""
    verdicts = insert_once(
        table="signals_event",
        types=_TYPES,
        keys=("account_id", "event_id"),
        rows=[list(one.fact.values()) for one in prepared],
    )
    first: dict[tuple[str, str, str], SharedValue] = {}
    for one, verdict in zip(prepared, verdicts, strict=True):
        for value in one.values if verdict is Verdict.ACCEPTED else ():
            held = first.setdefault(value[:3], value)
            if value[3] < held[3]:
                first[value[:3]] = value
    customers.put_values(rows=first.values())
    return verdicts


def _looked_up(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Hash and look up addresses, devices and cards of all rows, each kind at once."""
    data = [row["data"] for row in rows]
    addresses = [one.get("ip") for one in data]
    ips, nets = hashing.address_keys(addresses)
    places = reference.lookup_ips([address or "" for address in addresses])
    devices = hashing.keyed("device", [one.get("device_id") for one in data])
    clients = hashing.keyed("ja4", [one.get("ja4") for one in data])
    cards = hashing.keyed("card", [one.get("fingerprint") for one in data])
    return [
        {
            "ip": ips[at],
            "net": nets[at],
            "asn": _asn(places.asn[at]) if addresses[at] else None,
            "ip_class": str(places.ip_class[at]) if addresses[at] else None,
            "device": devices[at],
            "ja4": clients[at],
            "fingerprint": cards[at],
        }
        for at in range(len(rows))
    ]


def _asn(number: Any) -> int | None:
    return int(number) if number >= 0 else None


def _fact(
    row: Mapping[str, Any],
    account_keys: Mapping[str, int],
    hashed: Mapping[str, Any],
    recorded_at: datetime | None,
    at: datetime,
) -> dict[str, Any]:
    """Return the columns of one event in the order of `_TYPES`."""
    plain: dict[str, Any] = {name: row["data"].get(name) for name in _PLAIN}
    values = (
        plain
        | dict(hashed)
        | {
            "account_id": account_keys[row["account_id"]],
            "event_id": row["event_id"],
            "type": row["type"],
            "occurred_at": row["occurred_at"],
            "recorded_at": recorded_at or row["occurred_at"],
            "ingested_at": at,
        }
    )
    fact = {name: values[name] for name in _TYPES if name != "digest"}
    body = "\x1f".join(
        "\x1e" if value is None else str(value)
        for name, value in fact.items()
        if name not in _NOT_BODY
    )
    fact["digest"] = hashlib.blake2b(body.encode(), digest_size=16).digest()
    return fact


def _values(
    row: Mapping[str, Any], hashed: Mapping[str, Any], recorded_at: datetime
) -> list[SharedValue]:
    """Return what other accounts could share: address, network, device, card."""
    kinds = {
        "ip": hashed["ip"],
        "net": hashed["net"],
        "device": hashed["device"],
        "ja4": hashed["ja4"],
        "card": hashed["fingerprint"],
    }
    return [
        (row["account_id"], kind, value, row["occurred_at"], recorded_at)
        for kind, value in kinds.items()
        if value is not None
    ]
