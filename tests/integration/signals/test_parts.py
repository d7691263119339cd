"""Views of the last days hold the rows of the whole that lie there, and no other."""

from datetime import timedelta

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
                f"SELECT * FROM {table} WHERE {time} > TIMESTAMP '{start}'"
                " ORDER BY event_id"
            )
            part = engine.arrow(
                f"SELECT * FROM {table}_{days}d WHERE {time} > TIMESTAMP '{start}'"
                " ORDER BY event_id"
            )
            assert part.num_rows
            assert part.equals(within)
            assert part.num_rows < engine.table(table).count().to_pyarrow().as_py()


def test_a_part_opens_no_older_file(spread):
    start = (AS_OF - timedelta(days=7)).date()
    old = LakeFile.objects.filter(table="usage", date__lt=start)
    assert old.count() > 1
    with open_engine(as_of=AS_OF) as engine:
        [(text,)] = engine.database.execute(
            "SELECT sql FROM duckdb_views() WHERE view_name = 'usage_7d'"
        ).fetchall()
    assert not [file.name for file in old if file.name in text]


def test_features_are_the_same_with_and_without_parts(spread):
    with open_engine(as_of=AS_OF) as engine:
        with_parts = take_snapshots(as_of=AS_OF, engine=engine)
    with open_engine(as_of=AS_OF) as engine:
        for table in ("usage", "usage_window"):
            for days in (7, 30):
                engine.database.execute(f"DROP VIEW {table}_{days}d")
        without = take_snapshots(as_of=AS_OF, engine=engine)
    assert with_parts.has_usage.any()
    assert np.array_equal(with_parts.values, without.values, equal_nan=True)


def test_features_are_the_same_when_nothing_is_copied(spread, monkeypatch):
    before = take_snapshots(as_of=AS_OF)
    monkeypatch.setattr("ml.features.asking._COPIED_ROWS", 0)
    after = take_snapshots(as_of=AS_OF)
    assert np.array_equal(before.values, after.values, equal_nan=True)
