"""Equal seeds give equal bytes; the end moves a world in time and changes nothing."""

import hashlib
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.simulate import TIERS, simulate
from ml.simulate.clock import DEFAULT_END
from ml.simulate.seeds import Seeds, below, mix, names_of, uniform


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_one_seed_gives_the_same_bytes(tiny, tmp_path):
    simulate(tmp_path, "tiny", 5)

    assert digests(tmp_path) == digests(tiny.folder)


def test_another_seed_gives_another_world(tiny, tmp_path):
    simulate(tmp_path, "tiny", 6)

    ids = pl.read_parquet(tmp_path / "truth" / "accounts.parquet")["account_id"]
    assert not set(ids) & set(tiny.truth()["account_id"])


def test_the_end_only_moves_the_world(tiny, tmp_path):
    moved = timedelta(days=10)
    simulate(tmp_path, "tiny", 5, DEFAULT_END + moved)

    for name in ("accounts", "usage", "events", "outcomes", "usage_window"):
        then = tiny.table(name)
        now = pl.read_parquet(tmp_path / "bundle" / f"{name}.parquet")
        times = [
            one for one, kind in then.schema.items() if isinstance(kind, pl.Datetime)
        ]
        assert now.with_columns(pl.col(times) - moved).equals(then)


def test_nothing_happens_after_the_end(tiny):
    columns = {
        "accounts": "valid_from",
        "api_keys": "created_at",
        "payment_methods": "added_at",
        "events": "occurred_at",
        "outcomes": "known_at",
        "usage": "occurred_at",
        "usage_window": "window_start",
    }
    for name, column in columns.items():
        assert tiny.table(name)[column].max() < DEFAULT_END


@pytest.mark.parametrize("world", ["tiny", "nano"])
def test_volume_stays_within_the_tier(world, request):
    rows = request.getfixturevalue(world).summary()["rows"]

    assert 0 < rows["usage"] + rows["usage_window"] <= TIERS[world].max_usage_rows


@given(st.integers(0, 2**40), st.text(min_size=1, max_size=8))
def test_a_stream_depends_on_seed_and_name_alone(seed, name):
    assert Seeds(seed).rng(name).random() == Seeds(seed).rng(name).random()
    assert Seeds(seed).rng(name).random() != Seeds(seed + 1).rng(name).random()


@given(
    st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20), st.integers(1, 1000)
)
def test_hashes_stay_in_range(numbers, bound):
    keys = mix(*numbers)

    assert 0 <= uniform(keys)[0] < 1
    assert 0 <= below(keys, bound)[0] < bound
    assert int(names_of(keys)[0], 16) == int(keys[0])


def test_an_end_with_another_offset_is_the_same_instant(tmp_path, tiny):
    same = datetime.fromisoformat("2026-11-01T02:00:00+02:00")
    written = simulate(tmp_path, "tiny", 5, same)

    assert written.end.astimezone(UTC) == DEFAULT_END
    assert pl.read_parquet(tmp_path / "bundle/accounts.parquet").equals(
        tiny.table("accounts")
    )
