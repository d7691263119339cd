from datetime import UTC, datetime

import pytest
from django.test import Client

from apps.access import services as access
from apps.audit.models import Entry
from apps.audit.services import Actor
from apps.customers.models import ApiKey, CustomerVersion

CREATED = "2026-05-01T10:00:00Z"


@pytest.fixture
def put(db: None):
    _, secret = access.create_service_key(
        name="test",
        scopes=["events"],
        at=datetime.now(UTC),
        actor=Actor("system", "test"),
    )

    def send(path: str, body: object):
        return Client().put(
            f"/v1/{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    return send


def test_put_account_is_a_new_version_once(put) -> None:
    body = {"created_at": CREATED, "plan": "free", "email": "a@own.example"}
    first, again = put("accounts/acc-1", body), put("accounts/acc-1", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == {"id": "acc-1", "new_version": True, "ignored": []}
    assert again.json()["new_version"] is False
    entry = Entry.objects.get(kind="customers.account.recorded")
    assert entry.actor_type == "key"


def test_unknown_field_is_named_and_ignored(put) -> None:
    answer = put("accounts/acc-1", {"created_at": CREATED, "score": 1})
    assert answer.json()["ignored"] == ["score"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/created_at", "missing_field"),
        ({"created_at": CREATED, "email": "secret"}, "/email", "bad_email"),
        ({"created_at": CREATED, "account_id": "other"}, "/account_id", "id_mismatch"),
        (
            {"created_at": CREATED, "name": "4111 1111 1111 1111"},
            "/name",
            "pan_detected",
        ),
    ],
)
def test_bad_record_is_refused_without_echo(put, body, pointer, code) -> None:
    answer = put("accounts/acc-1", body)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert (problem["pointer"], problem["code"]) == (pointer, code)
    assert "secret" not in answer.text
    assert "4111" not in answer.text


def test_bad_id_in_the_path_is_refused(put) -> None:
    assert put("accounts/a%20b", {"created_at": CREATED}).status_code == 422


def test_customer_and_key(put) -> None:
    assert put("customers/c-1", {"legal_name": "Acme"}).status_code == 200
    key = {"account_id": "acc-1", "created_at": CREATED}
    put("accounts/acc-1", {"created_at": CREATED, "customer_id": "c-1"})
    assert put("api_keys/k-1", key).json()["new_version"] is True
    revoked = key | {"revoked_at": "2026-05-02T10:00:00Z"}
    assert put("api_keys/k-1", revoked).json()["new_version"] is True
    assert (CustomerVersion.objects.count(), ApiKey.objects.count()) == (1, 2)


def test_key_of_an_unknown_account_is_refused(put) -> None:
    key = {"account_id": "acc-1", "created_at": CREATED}
    answer = put("api_keys/k-1", key)
    assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")


def test_without_the_scope_nothing_is_put(db) -> None:
    answer = Client().put(
        "/v1/accounts/a", {"created_at": CREATED}, content_type="application/json"
    )
    assert answer.status_code == 401
