from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.audit import services

AT = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
ACTOR = services.Actor("system", "test")


@pytest.fixture(autouse=True)
def own_audit_folder(tmp_path: Path, settings) -> None:
    """The signer remembers the log outside the database: each test has its own."""
    settings.AUDIT_FOLDER = tmp_path


def record(object_id: str, **changes):
    given = {
        "kind": "tests.thing.made",
        "object_type": "thing",
        "object_id": object_id,
        "version": 1,
        "content": {"name": f"thing {object_id}"},
        "actor": ACTOR,
        "at": AT,
    }
    return services.record(**(given | changes))
