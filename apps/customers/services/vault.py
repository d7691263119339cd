"""The vault: personal values under one key a subject, so that a person can be erased.

A subject's data key (32 random bytes) is wrapped by the newest key of
KYCRISK_PII_KEYS. Each value is AES-256-GCM with its place as associated data: a
ciphertext that is moved to another subject or field does not open.
"""

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from apps.audit import services as audit
from apps.core.errors import InvalidError
from apps.customers.errors import ErasedError, UnknownAccountError
from apps.customers.models import Account, VaultKey, VaultValue

_FIELDS: Final = """
name org_name email phone address_line city region postal_code payer_name signup_ip
signup_user_agent registration_number legal_name org_domain
"""
FIELDS: Final = frozenset(_FIELDS.split())
NONCE: Final = 12
_KEY: Final = 32
_VALUE_VERSION: Final = 1
_MIN_PURPOSE: Final = 10


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """The data key of one subject, opened."""

    subject: UUID
    secret: bytes = field(repr=False)
    key_version: str = ""
    wrapped: bytes = field(default=b"", repr=False)


class Sealed(NamedTuple):
    """One encrypted value, ready to be stored."""

    subject: UUID
    field: str
    nonce: bytes
    ciphertext: bytes


def new_key() -> SubjectKey:
    """Make a subject with a fresh data key; nothing is stored yet."""
    subject, secret = uuid.uuid4(), AESGCM.generate_key(8 * _KEY)
    version, master = next(iter(settings.KYCRISK_PII_KEYS.items()))
    nonce = os.urandom(NONCE)
    wrapped = AESGCM(master).encrypt(nonce, secret, _key_place(subject, version))
    return SubjectKey(subject, secret, version, nonce + wrapped)


def open_key(subject: UUID, key_version: str, wrapped: bytes) -> SubjectKey:
    """Unwrap a stored data key; raises InvalidTag where it was altered or moved."""
    master = settings.KYCRISK_PII_KEYS[key_version]
    nonce, body = bytes(wrapped[:NONCE]), bytes(wrapped[NONCE:])
    secret = AESGCM(master).decrypt(nonce, body, _key_place(subject, key_version))
    return SubjectKey(subject, secret, key_version, bytes(wrapped))


def seal(key: SubjectKey, values: Mapping[str, str | None]) -> list[Sealed]:
    """Encrypt the personal values of one subject; None is left out."""
    cipher = AESGCM(key.secret)
    given = [(name, value) for name, value in values.items() if value is not None]
    drawn = os.urandom(NONCE * len(given))  # once: the call costs more than the bytes
    subject = str(key.subject)
    sealed = []
    for at, (name, value) in enumerate(given):
        nonce = drawn[at * NONCE : (at + 1) * NONCE]
        place = _value_place(subject, name, _VALUE_VERSION)
        text = cipher.encrypt(nonce, value.encode(), place)
        sealed.append(Sealed(key.subject, name, nonce, text))
    return sealed


def _key_place(subject: UUID, version: str) -> bytes:
    return f"customers_vaultkey|{subject}|key|{version}".encode()


def _value_place(subject: str, name: str, version: int) -> bytes:
    return f"customers_vaultvalue|{subject}|{name}|{version}".encode()


def opened(key: SubjectKey, value: VaultValue) -> str:
    """Decrypt one stored value; raises InvalidTag where it was altered or moved."""
    place = _value_place(str(value.subject), value.field, value.key_version)
    return (
        AESGCM(key.secret)
        .decrypt(bytes(value.nonce), bytes(value.ciphertext), place)
        .decode()
    )


def opened_many(values: Sequence[VaultValue]) -> list[str | None]:
    """Decrypt stored values of many subjects; None for a subject that was erased.

    For machines that compare values: the caller records what it read and why.
    """
    rows = VaultKey.objects.in_bulk({value.subject for value in values})
    keys = {
        subject: open_key(subject, row.key_version, bytes(row.wrapped))
        for subject, row in rows.items()
    }
    return [
        opened(keys[value.subject], value) if value.subject in keys else None
        for value in values
    ]


@transaction.atomic
def reveal(
    *,
    account_id: str,
    field: str,
    purpose: str,
    actor: audit.Actor,
    at: datetime,
    request_id: str | None = None,
) -> str | None:
    """Return the newest value of one personal field, and record who read it and why.

    None where the account never gave it. Raises UnknownAccountError, ErasedError, or
    InvalidError for a field that the vault does not hold or a purpose too short to
    mean anything.
    """
    if field not in FIELDS:
        raise InvalidError(f"{field!r} is not a field of the vault.")
    if len(purpose.strip()) < _MIN_PURPOSE:
        raise InvalidError("Say why you need it, in at least ten characters.")
    subject = subject_of(account_id)
    key = _stored_key(subject)
    audit.record(
        kind="customers.personal_data.revealed",
        object_type="personal_data_access",
        object_id=str(uuid.uuid4()),
        version=1,
        content={"account_id": account_id, "field": field, "purpose": purpose},
        actor=actor,
        at=at,
        request_id=request_id,
    )
    newest = (
        VaultValue.objects.filter(subject=subject, field=field)
        .order_by("-recorded_at", "-pk")
        .first()
    )
    return opened(key, newest) if newest else None


def subject_of(account_id: str) -> UUID:
    """Return the pseudonym of an account in the vault."""
    subject = (
        Account.objects.filter(account_id=account_id)
        .values_list("subject", flat=True)
        .first()
    )
    if subject is None:
        raise UnknownAccountError(f"There is no account {account_id}.")
    return subject


def _stored_key(subject: UUID) -> SubjectKey:
    row = VaultKey.objects.filter(subject=subject).first()
    if row is None:
        raise ErasedError("The personal data of this account was erased.")
    return open_key(subject, row.key_version, bytes(row.wrapped))


@transaction.atomic
def erase(*, subject: UUID, basis: str, actor: audit.Actor, at: datetime) -> int:
    """Delete a subject's key and values; return how many values there were.

    Facts and the audit log keep only keyed hashes and pseudonyms. Erasing twice is
    harmless and recorded once.
    """
    deleted, _ = VaultKey.objects.filter(subject=subject).delete()
    values, _ = VaultValue.objects.filter(subject=subject).delete()
    if deleted:
        audit.record(
            kind="customers.subject.erased",
            object_type="subject",
            object_id=str(subject),
            version=1,
            content={"subject": str(subject), "basis": basis, "values": values},
            actor=actor,
            at=at,
        )
    return values


@transaction.atomic
def rewrap(*, limit: int = 10_000) -> int:
    """Wrap keys of older versions with the newest one; return how many were left to do.

    Values stay as they are: only the 32 bytes of each data key are encrypted anew.
    """
    version, master = next(iter(settings.KYCRISK_PII_KEYS.items()))
    rows = list(
        VaultKey.objects.select_for_update(skip_locked=True).exclude(
            key_version=version
        )[:limit]
    )
    for row in rows:
        key = open_key(row.subject, row.key_version, bytes(row.wrapped))
        nonce = os.urandom(NONCE)
        place = _key_place(row.subject, version)
        row.wrapped = nonce + AESGCM(master).encrypt(nonce, key.secret, place)
        row.key_version = version
    VaultKey.objects.bulk_update(rows, ["wrapped", "key_version"], batch_size=1000)
    return len(rows)


__all__ = [
    "FIELDS",
    "InvalidTag",
    "Sealed",
    "SubjectKey",
    "erase",
    "new_key",
    "open_key",
    "opened",
    "reveal",
    "rewrap",
    "seal",
    "subject_of",
]
