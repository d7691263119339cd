"""Views of the last days hold the rows of the whole that lie there, and no other."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from apps.features.services import take_snapshots
from apps.signals.models import LakeFile
from apps.signals.selectors import open_engine
from tests.integration.signals import bundles

AS_OF = bundles.AT
DAYS = (0, 0, 1, 3, 6, 7, 8, 20, 29, 30, 31, 45)

pytestmark = pytest.mark.django_db


@pytest.fixture
def spread(load, tmp_path) -> None:
    """Exchanges and windows of 45 days, up to the hour before."""
    folder = bundles.write_world(tmp_path / "bundle")
    opened = AS_OF - timedelta(days=60)
    rows = [row | {"created_at": opened} for row in bundles.accounts()]
    bundles.write_ndjson(folder / "accounts.ndjson", rows)
    usage = [
        row | {"occurred_at": AS_OF - timedelta(days=day, hours=1, minutes=number)}
        for number, (day, row) in enumerate(
            zip(DAYS * 10, bundles.usage(10 * len(DAYS)), strict=True)
        )
    ]
    bundles.write_parquet(folder / "usage" / "a.parquet", usage)
    (folder / "usage" / "b.ndjson.gz").unlink()
    windows = [
        row | {"window_start": AS_OF - timedelta(days=day, hours=5)}
        for day, row in zip(DAYS, bundles.windows(len(DAYS)), strict=True)
    ]
    bundles.write_parquet(folder / "usage_window.parquet", windows)
    load(folder)


@pytest.mark.parametrize(
    ("table", "time"), [("usage", "occurred_at"), ("usage_window", "window_start")]
)
def test_a_part_holds_the_rows_of_its_days(spread, table, time):
    with open_engine(as_of=AS_OF) as engine:
        for days in (7, 30):
            start = (AS_OF - timedelta(days=days)).replace(tzinfo=None)
            within = engine.arrow(
                f"SELECT * FROM {table} WHERE {time} >= TIMESTAMP '{start}'"
                " ORDER BY event_id"
            )
            part = engine.arrow(f"SELECT * FROM {table}_{days}d ORDER BY event_id")
            assert part.num_rows
            assert part.equals(within)


def test_a_part_opens_no_older_file(spread):
    start = (AS_OF - timedelta(days=7)).date()
    old = LakeFile.objects.filter(table="usage", date__lt=start)
    assert old.count() > 1
    with open_engine(as_of=AS_OF) as engine:
        [(text,)] = engine.database.execute(
            "SELECT sql FROM duckdb_views() WHERE view_name = 'usage_7d'"
        ).fetchall()
    assert not [file.name for file in old if file.name in text]


def without_parts() -> Any:
    """Return the features as they are where no part is offered."""
    with open_engine(as_of=AS_OF) as engine:
        for table in ("usage", "usage_window"):
            for days in (7, 30):
                engine.database.execute(f"DROP VIEW {table}_{days}d")
        return take_snapshots(as_of=AS_OF, engine=engine)


# nothing is copied; the last week alone; the last month; everything
@pytest.mark.parametrize("most", [0, 60, 100, 1_000_000])
def test_features_are_the_same_with_and_without_parts(spread, monkeypatch, most):
    expected = without_parts()
    monkeypatch.setattr("ml.features.asking._COPIED_ROWS", most)
    found = take_snapshots(as_of=AS_OF)
    assert found.has_usage.any()
    assert np.array_equal(found.values, expected.values, equal_nan=True)


def test_a_part_begins_where_the_days_do_in_any_zone(spread):
    """Thirty days before a moment of summer time, which began in between."""
    there = datetime(2026, 4, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    with open_engine(as_of=there) as engine:
        [(text,)] = engine.database.execute(
            "SELECT sql FROM duckdb_views() WHERE view_name = 'usage_30d'"
        ).fetchall()
    assert "2026-03-01 22:00:00+00" in text
