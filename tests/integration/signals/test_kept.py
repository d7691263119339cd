"""Features are the same bit by bit, whatever is kept of the days behind them."""

import os
import random
import re
import shutil
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from apps.audit.services import Actor
from apps.features.services import kept, take_snapshots
from apps.signals.models import LakeFile
from apps.signals.selectors import kept_folder, open_engine
from apps.signals.services import (
    compact_days,
    drop_expired,
    seal_hours,
)
from apps.signals.services import lake as lake_files
from tests.integration.signals import bundles
from tests.integration.signals.sending import send

AS_OF = bundles.AT
ACTOR = Actor("system", "test")
NEVER = 10**9


def exchanges(count: int, *, days: float, seed: int) -> list[bundles.Row]:
    """Exchanges of some days up to AS_OF, each with few values of many columns."""
    chance = random.Random(seed)

    def some(prefix: str, number: int = 3) -> str | None:
        return chance.choice([None, *(f"{prefix}{one}" for one in range(number))])

    def moment() -> timedelta:
        if chance.random() < 0.1:  # at midnight, where days begin and reaches end
            return timedelta(days=chance.randrange(1, max(2, int(days))))
        return timedelta(seconds=chance.randrange(1, int(days * 86_400)))

    return [
        row
        | {
            "occurred_at": AS_OF - moment(),
            "scaffold": chance.choice([None, *bundles.HASHES[:3]]),
            "filler": chance.choice([None, [chance.randrange(3)] * 16]),
            "minhash": [chance.randrange(2)] * 16,
            "sketch": some("5ce7c4000000000"),
            "params": some("9a4a3500000000a"),
            "max_tokens": chance.choice([None, 100, 200]),
            "schema": some("5c4e3a000000000"),
            "tools_hash": some("7001500000000a0"),
            "conversation_id": some("talk"),
            "client": some("sdk-"),
            "ip": f"198.51.{chance.randrange(100, 103)}.{chance.randrange(3)}",
            "safety": chance.choice([None, "none", "refusal"]),
            "elicits": chance.choice([None, "none", "reasoning", "probe"]),
            "language_bucket": some("language-"),
            "signature_made": some("519a000000000a0", 9),
            "signature_seen": some("519a000000000a0", 9),
        }
        for row in bundles.usage(count, seed=seed)
    ]


@pytest.fixture
def world(fresh_database, load, tmp_path, settings, monkeypatch) -> None:
    """Fifty days in the lake, late rows sealed and hot, windows beside exchanges."""
    settings.KYCRISK_HOME = tmp_path / "home"
    monkeypatch.setattr(kept, "LEAST_ROWS", 1)
    folder = bundles.write_world(tmp_path / "bundle")
    opened = AS_OF - timedelta(days=60)
    rows = [row | {"created_at": opened} for row in bundles.accounts()]
    bundles.write_ndjson(folder / "accounts.ndjson", rows)
    (folder / "usage" / "b.ndjson.gz").unlink()
    rows = exchanges(1500, days=50, seed=1)
    bundles.write_parquet(folder / "usage" / "a.parquet", rows)
    windows = [
        row | {"window_start": AS_OF - timedelta(hours=9 * number)}
        for number, row in enumerate(bundles.windows(120), start=1)
    ]
    bundles.write_parquet(folder / "usage_window.parquet", windows)
    load(folder)
    late = exchanges(60, days=6, seed=2)
    send(late[:30], AS_OF)
    seal_hours(at=AS_OF + timedelta(hours=2))
    send(late[30:], AS_OF + timedelta(hours=3))


def features(as_of: Any, *, keeps: bool = True) -> Any:
    """Return the features of everybody, also as of a moment of the past."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "LEAST_ROWS", 1 if keeps else NEVER)
        return take_snapshots(as_of=as_of)


def assert_same(as_of: Any) -> None:
    found, expected = features(as_of), features(as_of, keeps=False)
    assert found.has_usage.any()
    assert np.array_equal(found.has_usage, expected.has_usage)
    assert np.array_equal(found.values, expected.values, equal_nan=True)


def days_read(as_of: Any, table: str = "kept_exchanges_30d") -> set[str]:
    """Return the days of which kept sums are read."""
    with open_engine(as_of=as_of) as engine:
        take_snapshots(as_of=as_of, engine=engine)
        texts = engine.database.execute(
            "SELECT sql FROM duckdb_views() WHERE view_name = ?", [table]
        ).fetchall()
    return {
        date
        for (text,) in texts
        for date in re.findall(r"(\d{4}-\d\d-\d\d)-[0-9a-f]{32}\.parquet", text)
    }


@pytest.mark.parametrize(
    "back",
    [
        timedelta(hours=-4),  # late rows are known, some of them hot
        timedelta(),
        timedelta(days=2, hours=9, minutes=13, seconds=7),
        timedelta(days=11, seconds=-1),
    ],
)
def test_features_are_the_same_with_and_without_kept_sums(world, back):
    as_of = AS_OF - back
    assert_same(as_of)  # what is missing is counted
    assert len(days_read(as_of)) > 1
    assert_same(as_of)  # what is there is read


def test_the_next_day_reads_what_this_one_has_kept(world):
    features(AS_OF - timedelta(days=1))
    before = {
        path: path.stat().st_mtime_ns for path in kept_folder().rglob("*.parquet")
    }
    assert_same(AS_OF)
    after = {path: path.stat().st_mtime_ns for path in kept_folder().rglob("*.parquet")}
    assert before.items() <= after.items()
    assert {path.name[:10] for path in after.keys() - before.keys()}


def test_a_day_is_kept_when_all_of_it_was_known(world):
    """What was recorded late counts from then on, and no sooner."""
    late = LakeFile.objects.filter(source=LakeFile.Source.SEAL)
    days = {file.date.isoformat() for file in late}
    assert days
    assert days_read(AS_OF - timedelta(seconds=1)) & days  # of files from before
    now = days_read(AS_OF + timedelta(hours=1))
    hot = days_read(AS_OF + timedelta(hours=4))
    assert hot < now


def test_a_kept_day_lies_whole_inside_the_reach(world):
    as_of = AS_OF - timedelta(days=7)
    days = days_read(as_of)
    assert min(days) > (as_of - timedelta(days=30)).date().isoformat()
    assert max(days) == (as_of - timedelta(days=2)).date().isoformat()
    assert len(days_read(as_of, "kept_firsts_all")) > len(days)


def test_what_is_missing_or_half_written_is_counted_anew(world):
    features(AS_OF)
    chance = random.Random(7)
    paths = sorted(kept_folder().rglob("*.parquet"))
    for path in chance.sample(paths, len(paths) // 10):
        path.rename(path.with_suffix(".draft"))
    [broken, empty] = chance.sample(sorted(kept_folder().rglob("*.parquet")), 2)
    broken.write_bytes(broken.read_bytes()[:-9])
    empty.write_bytes(b"")
    whole = features(AS_OF, keeps=False)
    some = take_snapshots(as_of=AS_OF, account_ids=whole.account_ids[:5])
    assert np.array_equal(some.values, whole.values[:5], equal_nan=True)
    assert len(list(kept_folder().rglob("*.parquet"))) < len(paths)  # only read
    assert_same(AS_OF)
    assert sorted(kept_folder().rglob("*.parquet")) == paths


def test_where_nothing_can_be_written_rows_are_counted(world):
    features(AS_OF)
    [folder] = kept_folder().iterdir()
    shutil.rmtree(folder / "hours")
    (folder / "hours").write_text("no folder")
    assert_same(AS_OF)


def test_kept_sums_of_retired_files_are_not_read_and_go(world):
    features(AS_OF)
    before = set(kept_folder().rglob("*.parquet"))
    now = AS_OF + timedelta(days=40)
    LakeFile.objects.update(ingested_at=AS_OF, source=LakeFile.Source.SEAL)
    compact_days(at=now)
    dropped = drop_expired(at=AS_OF + timedelta(days=170), actor=ACTOR)
    assert dropped["rows_expired"]
    assert_same(AS_OF)
    retired = LakeFile.objects.exclude(retired_at=None)
    assert retired.exists()
    for path in kept_folder().rglob("*.parquet"):
        os.utime(path, (0, 0))
    assert lake_files.sweep_kept(at=now) == 0  # somebody may have it open
    assert lake_files.sweep_kept(at=AS_OF + timedelta(days=172)) > 0
    left = set(kept_folder().rglob("*.parquet"))
    assert before - left
    assert {path.name[:10] for path in left} <= {
        date.isoformat()
        for date in LakeFile.objects.filter(retired_at=None).values_list(
            "date", flat=True
        )
    }
    assert_same(AS_OF)


def test_sums_by_other_code_go_after_a_day(world):
    features(AS_OF)
    [current] = kept_folder().iterdir()
    old, young = current.with_name("old"), current.with_name("young")
    for folder in (old, young):
        (folder / "hours").mkdir(parents=True)
    os.utime(old, (0, 0))
    features(AS_OF)
    assert set(kept_folder().iterdir()) == {current, young}


def test_a_small_lake_keeps_nothing(world):
    features(AS_OF, keeps=False)
    assert not kept_folder().exists()
