"""Sealing: rows move to the lake and are never seen twice or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.customers import services as customers
from apps.signals.models import LakeFile
from apps.signals.selectors import facts_digest, open_engine, usage_by_day
from apps.signals.services import lake as lake_files
from apps.signals.services import seal as sealing
from apps.signals.services import seal_hours
from tests.integration.signals import bundles
from tests.integration.signals.interrupting import interrupted_after
from tests.integration.signals.sending import send

NOW = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
SEALED_AT = NOW + timedelta(hours=1)


@pytest.fixture
def hot(fresh_database, lake) -> list[dict]:
    """Forty exchanges and ten windows of the last two days in the hot tables."""
    rows = [row for row in bundles.accounts() if row["plan"] == "free"]
    customers.put_accounts(rows=rows, source="bundle", at=NOW)
    facts = [
        row | {"occurred_at": NOW - timedelta(minutes=57 * number)}
        for number, row in enumerate(bundles.usage(40))
    ]
    facts += [
        row
        | {"type": "usage.window", "window_start": NOW - timedelta(hours=4 * number)}
        for number, row in enumerate(bundles.windows(10))
    ]
    send(facts, NOW)
    return facts


def hot_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM signals_usagehot)"
            " + (SELECT count(*) FROM signals_windowhot)"
        )
        return cursor.fetchone()[0]


def seen() -> list[dict]:
    with open_engine(as_of=SEALED_AT) as engine:
        tables = [
            engine.arrow(f"SELECT * FROM {table} ORDER BY event_id").to_pylist()
            for table in ("usage", "usage_window")
        ]
    return tables[0] + tables[1]


def test_sealing_moves_every_complete_hour_and_changes_no_answer(hot):
    before, digest = seen(), facts_digest(SEALED_AT)
    by_day = usage_by_day("acc-1", SEALED_AT)
    assert len(before) == hot_rows() == 50
    result = seal_hours(at=SEALED_AT)
    left = [row for row in hot if in_open_hour(row)]
    assert result["rows"] == 50 - len(left)
    assert hot_rows() == len(left)
    assert seen() == before
    assert facts_digest(SEALED_AT) == digest
    assert usage_by_day("acc-1", SEALED_AT) == by_day
    assert seal_hours(at=SEALED_AT)["rows"] == 0
    assert seen() == before


def in_open_hour(row: dict) -> bool:
    limit = (SEALED_AT - sealing.OPEN_FOR).replace(minute=0)
    return row["window_start" if "window_start" in row else "occurred_at"] >= limit


@pytest.mark.parametrize("step", ["store", "register"])
def test_a_seal_that_dies_before_its_commit_has_done_nothing(hot, step):
    before = seen()
    with interrupted_after(lake_files, step):
        seal_hours(at=SEALED_AT)
    assert LakeFile.objects.count() == 0
    assert (hot_rows(), seen()) == (50, before)
    seal_hours(at=SEALED_AT)
    assert seen() == before


def test_late_rows_of_a_sealed_hour_are_sealed_beside_it(hot):
    seal_hours(at=SEALED_AT)
    files = LakeFile.objects.count()
    late = bundles.usage(1, seed=9)[0] | {"occurred_at": NOW - timedelta(hours=30)}
    send([late], NOW)
    assert len(seen()) == 51
    assert seal_hours(at=SEALED_AT)["rows"] == 1
    assert LakeFile.objects.count() == files + 1
    assert len(seen()) == 51


def test_a_reader_that_began_before_the_seal_still_has_its_rows(hot):
    with open_engine(as_of=SEALED_AT) as engine:
        seal_hours(at=SEALED_AT)
        found = engine.arrow("SELECT count(DISTINCT event_id) AS n FROM usage")
    assert found.to_pylist() == [{"n": 40}]


def test_what_no_row_names_is_swept_after_a_day(hot, lake):
    seal_hours(at=SEALED_AT)
    stray = lake / "usage" / "date=2026-01-01" / "stray.parquet"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"half")
    assert lake_files.sweep(at=datetime.now(UTC)) == 0
    assert lake_files.sweep(at=datetime.now(UTC) + timedelta(days=2)) == 1
    assert not stray.exists()
    assert len(seen()) == 50


def test_old_keys_and_empty_partitions_go(hot):
    later = NOW + timedelta(days=30)
    result = seal_hours(at=later)
    assert (result["rows"], result["keys_pruned"]) == (50, 50)
    assert result["partitions_dropped"] >= 4
    assert len(seen()) == 50
