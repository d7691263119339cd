"""Small files of a day become one, old ones go; what dies between has done nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.audit.models import Entry
from apps.audit.services import Actor
from apps.signals.models import LakeFile
from apps.signals.selectors import facts_digest, open_engine
from apps.signals.services import compact, compact_days, drop_expired
from apps.signals.services import lake as lake_files
from tests.integration.signals import bundles
from tests.integration.signals.interrupting import interrupted_after

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lake")]
AT = datetime(2026, 5, 1, tzinfo=UTC)
ACTOR = Actor("system", "test")


@pytest.fixture
def sealed(people, load, tmp_path) -> None:
    """Exchanges of four days, each day in five files, as if sealed by the hour."""
    rows = bundles.usage(200)
    for part in range(5):
        folder = tmp_path / f"part-{part}"
        bundles.write_parquet(folder / "usage.parquet", rows[part::5])
        load(folder)
    LakeFile.objects.update(source=LakeFile.Source.SEAL)


def seen() -> list[dict]:
    with open_engine(as_of=AT) as engine:
        return engine.arrow("SELECT * FROM usage ORDER BY event_id").to_pylist()


def visible() -> int:
    return LakeFile.objects.filter(retired_at=None).count()


def test_joining_the_files_of_a_day_changes_no_answer(sealed, lake):
    before, digest = seen(), facts_digest(AT)
    files = visible()
    assert compact_days(at=AT) == {"days_joined": 4, "files_joined": files}
    assert visible() == 4
    assert (seen(), facts_digest(AT)) == (before, digest)
    assert compact_days(at=AT) == {"days_joined": 0, "files_joined": 0}
    assert lake_files.sweep(at=datetime.now(UTC)) == 0
    assert lake_files.sweep(at=datetime.now(UTC) + timedelta(days=2)) == files
    assert seen() == before


@pytest.mark.parametrize("step", ["store", "register"])
def test_a_join_that_dies_before_its_commit_has_done_nothing(sealed, step):
    before, files = seen(), visible()
    with interrupted_after(lake_files, step):
        compact_days(at=AT)
    assert (visible(), seen()) == (files, before)
    compact_days(at=AT)
    assert (visible(), seen()) == (4, before)


def test_a_young_day_is_left_alone(sealed):
    young = max(LakeFile.objects.values_list("date", flat=True)) + timedelta(days=2)
    at = datetime(young.year, young.month, young.day, tzinfo=UTC)
    assert compact_days(at=at)["days_joined"] == 0


def test_a_day_too_large_for_memory_is_left_alone(sealed, monkeypatch):
    monkeypatch.setattr(compact, "MOST_ROWS", 10)
    assert compact_days(at=AT)["days_joined"] == 0


def test_expired_days_leave_and_the_log_says_why(sealed, settings):
    last = max(LakeFile.objects.values_list("date", flat=True))
    at = datetime(last.year, last.month, last.day, 12, tzinfo=UTC) + timedelta(days=30)
    settings.KYCRISK_RETENTION = {
        "usage": {"days": 30, "basis": "because"},
        "usage_window": {"days": 0, "basis": "for good"},
    }
    kept = [row for row in seen() if row["occurred_at"].date() >= last]
    result = drop_expired(at=at, actor=ACTOR)
    assert result == {"rows_expired": 200 - len(kept)}
    assert seen() == kept
    [entry] = Entry.objects.filter(kind="signals.facts.expired")
    assert (b'"because"' in bytes(entry.body), entry.object_type) == (True, "retention")
    assert drop_expired(at=at, actor=ACTOR) == {"rows_expired": 0}
