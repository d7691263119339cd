"""Django is not set up yet when this file is read: models are imported in fixtures."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest


@pytest.fixture
def house(db: None, tmp_path: Path, settings: Any) -> Path:
    """A home, a lake and an inbox of this test's own."""
    settings.KYCRISK_HOME = tmp_path / "home"
    settings.KYCRISK_LAKE = str(tmp_path / "lake")
    settings.KYCRISK_INBOX = tmp_path / "inbox"
    return tmp_path


@pytest.fixture
def person(db: None) -> Any:
    """Make a signed-in browser of somebody with a role."""
    from datetime import UTC, datetime

    from django.test import Client

    from apps.access.services import create_user
    from apps.audit.services import Actor

    def make(role: str) -> Client:
        user = create_user(
            email=f"{role}-{uuid4().hex[:8]}@example.org",
            password="correct horse battery staple",
            role=role,
            at=datetime.now(UTC),
            actor=Actor("system", "test"),
        )
        client = Client()
        client.force_login(user)
        client.user = user
        return client

    return make


@pytest.fixture
def importing(house: Path, person: Any) -> SimpleNamespace:
    """Somebody who imports, and the work of the jobs that they ask for."""
    from tests.integration.intake.importing import Importing

    return Importing(person("lead"), house)
