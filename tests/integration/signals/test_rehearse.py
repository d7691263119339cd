"""A rehearsal says what an import will do, and leaves nothing behind."""

import pytest

from apps.audit.models import Entry
from apps.customers.models import Account, VaultValue
from apps.signals.models import Event, ImportedFile, LakeFile, Outcome
from tests.integration.signals import bundles

pytestmark = pytest.mark.django_db
TABLES = (Account, VaultValue, Event, Outcome, ImportedFile, LakeFile, Entry)


def test_a_rehearsal_counts_like_the_import_and_keeps_nothing(
    load, rehearse, tmp_path, settings
):
    settings.KYCRISK_HOME = tmp_path / "home"
    folder = bundles.write_world(tmp_path / "bundle")
    bad = folder / "usage" / "bad.ndjson"
    bad.write_text('{"event_id": "no-account", "account_id": "nobody"}\n')
    before = [table.objects.count() for table in TABLES]
    rehearsed = rehearse(folder)
    refused = (folder / ".rejected/usage/bad.ndjson.ndjson").read_text()
    assert [table.objects.count() for table in TABLES] == before
    assert not list((tmp_path / "lake").rglob("*.parquet"))
    assert not list((tmp_path / "home").rglob("*.parquet"))
    real = load(folder)
    assert rehearsed.tables == real.tables
    assert rehearsed.rejected == 1
    assert (folder / ".rejected/usage/bad.ndjson.ndjson").read_text() == refused
