"""Django is not set up yet when this file is read: models are imported in fixtures."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.signals import bundles


@pytest.fixture
def lake(tmp_path: Path, settings: Any) -> Path:
    """A lake of this test's own."""
    settings.KYCRISK_LAKE = str(tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def load(lake: Path) -> Callable[..., Any]:
    from apps.audit.services import Actor
    from apps.signals.services import import_bundle

    def run(folder: Path, *, strict: bool = False, at: datetime = bundles.AT) -> Any:
        return import_bundle(
            folder=folder,
            strict=strict,
            at=at,
            actor=Actor("system", "test"),
            bar=lambda *_: None,
        )

    return run


@pytest.fixture
def rehearse(lake: Path) -> Callable[..., Any]:
    from apps.audit.services import Actor
    from apps.signals.services import rehearse_bundle

    def run(folder: Path, *, at: datetime = bundles.AT) -> Any:
        return rehearse_bundle(
            folder=folder, at=at, actor=Actor("system", "test"), bar=lambda *_: None
        )

    return run


@pytest.fixture
def people(db: None) -> list[str]:
    """Twelve known accounts."""
    from apps.customers import services as customers

    rows = [row for row in bundles.accounts() if row["plan"] == "free"]
    customers.put_accounts(rows=rows, source="bundle", at=bundles.AT)
    return [row["account_id"] for row in rows]


@pytest.fixture
def post(db: None) -> Callable[..., Any]:
    """Send a body with a key of all scopes of this app."""
    from django.test import Client

    from apps.access import services as access
    from apps.audit.services import Actor

    _, secret = access.create_service_key(
        name="test",
        scopes=["events", "outcomes"],
        at=datetime.now(UTC),
        actor=Actor("system", "test"),
    )

    def send(path: str, body: Any, kind: str = "application/json", **headers: str):
        return Client().post(
            f"/v1/{path}",
            body,
            content_type=kind,
            headers={"Authorization": f"Bearer {secret}", **headers},
        )

    return send
