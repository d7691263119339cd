"""A door that answers: a model in use, a key, and real commits."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.reports.conftest import ACTOR, champion, entry_model, own_files

__all__ = ["entry_model", "own_files"]


@pytest.fixture
def door(bare_door, entry_model):
    """Return the door of a site whose entry model is in use."""
    champion(entry_model)
    return bare_door


@pytest.fixture
def bare_door(fresh_database):
    """Return `post(body, key=..., **headers) -> response` of POST /v1/assessments."""
    from django.test import Client

    from apps.access.services import create_service_key

    _, secret = create_service_key(
        name="door", scopes=["assess", "read"], at=datetime.now(UTC), actor=ACTOR
    )
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def post(body: Any, *, key: str | None = "", **headers: str):
        if key is not None:
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        sent = body if isinstance(body, bytes) else _json(body)
        return client.post(
            "/v1/assessments", sent, content_type="application/json", headers=headers
        )

    post.get = client.get
    return post


def signup(account_id: str = "acct-1", **changes: Any) -> dict[str, Any]:
    return {
        "event": "signup",
        "occurred_at": datetime.now(UTC).isoformat(),
        "account": {
            "id": account_id,
            "kind": "individual",
            "email": "jordan@mail.example",
            "phone": "+4915112345678",
            "name": "Jordan Example",
            "declared_country": "DE",
        },
        "signup": {"ip": "198.51.100.7", "device_id": "d-1", "form_ms": 9000},
        "payment": {"type": "card", "fingerprint": "fp_12345678", "bin": "411111"},
    } | changes


def _json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()
