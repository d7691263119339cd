import os
import uuid
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidTag

from apps.audit import services as audit
from apps.audit.models import Entry
from apps.core.errors import InvalidError
from apps.customers import services as customers
from apps.customers.errors import ErasedError, UnknownAccountError
from apps.customers.models import Account, VaultKey, VaultValue
from apps.customers.services import vault

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ME = audit.Actor("user", "u1")
PURPOSE = "checking the identity"


@pytest.fixture
def account(db: None) -> Account:
    row = {
        "account_id": "a1",
        "created_at": NOW,
        "name": "Jane Doe",
        "email": "jane@own.example",
    }
    return customers.put_account(row=row, at=NOW)


def reveal(field: str, *, account_id: str = "a1", purpose: str = PURPOSE) -> str | None:
    return vault.reveal(
        account_id=account_id, field=field, purpose=purpose, actor=ME, at=NOW
    )


def test_reveal_returns_the_newest_value_and_is_recorded(account: Account) -> None:
    row = {"account_id": "a1", "created_at": NOW, "name": "Jane Roe"}
    customers.put_accounts(rows=[row], source="api", at=NOW.replace(hour=1))
    assert reveal("name") == "Jane Roe"
    assert reveal("phone") is None
    entries = Entry.objects.filter(kind="customers.personal_data.revealed")
    assert entries.count() == 2
    assert all(b"Jane" not in bytes(entry.body) for entry in entries)
    assert any(PURPOSE.encode() in bytes(entry.body) for entry in entries)


def test_reveal_refuses_what_it_should(account: Account) -> None:
    with pytest.raises(InvalidError):
        reveal("plan")
    with pytest.raises(InvalidError):
        reveal("name", purpose="why not")
    with pytest.raises(UnknownAccountError):
        reveal("name", account_id="nobody")
    assert not Entry.objects.filter(kind__contains="revealed").exists()


def test_erased_subject_cannot_be_read(account: Account) -> None:
    for _ in range(2):
        vault.erase(subject=account.subject, basis="request 7", actor=ME, at=NOW)
    assert not VaultKey.objects.exists()
    assert not VaultValue.objects.exists()
    with pytest.raises(ErasedError):
        reveal("name")
    assert Entry.objects.filter(kind="customers.subject.erased").count() == 1
    row = {"account_id": "a1", "created_at": NOW, "name": "Jane again"}
    customers.put_accounts(rows=[row], source="api", at=NOW.replace(hour=2))
    assert not VaultValue.objects.exists()


def test_moved_ciphertext_does_not_open() -> None:
    one, other = vault.new_key(), vault.new_key()
    sealed = vault.seal(one, {"name": "Jane", "email": None})
    assert [value.field for value in sealed] == ["name"]

    def stored(**changed: object) -> VaultValue:
        fields = {
            "subject": one.subject,
            "field": "name",
            "nonce": sealed[0].nonce,
            "ciphertext": sealed[0].ciphertext,
            "key_version": 1,
        }
        return VaultValue(**(fields | changed))

    assert vault.opened(one, stored()) == "Jane"
    broken = bytearray(sealed[0].ciphertext)
    broken[0] ^= 1
    for value in (
        stored(field="email"),
        stored(subject=other.subject),
        stored(ciphertext=bytes(broken)),
        stored(key_version=2),
    ):
        with pytest.raises(InvalidTag):
            vault.opened(one, value)
    with pytest.raises(InvalidTag):
        vault.opened(other, stored())
    with pytest.raises(InvalidTag):
        vault.open_key(uuid.uuid4(), one.key_version, one.wrapped)


def test_nonces_are_unique() -> None:
    key = vault.new_key()
    nonces = {vault.seal(key, {"name": "x"})[0].nonce for _ in range(2000)}
    assert len(nonces) == 2000


def test_secrets_are_not_printed() -> None:
    key = vault.new_key()
    assert key.secret.hex() not in repr(key)
    assert str(key.secret) not in repr(key)


def test_rewrap_moves_keys_to_the_newest_version(account: Account, settings) -> None:
    old = settings.KYCRISK_PII_KEYS
    settings.KYCRISK_PII_KEYS = {"2": os.urandom(32), **old}
    assert vault.rewrap() == 1
    assert vault.rewrap() == 0
    settings.KYCRISK_PII_KEYS = {"2": settings.KYCRISK_PII_KEYS["2"]}
    assert reveal("name") == "Jane Doe"
