"""The columns beside a result, and a bundle without its future, on a tiny world."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ml.benchmark import beside, cut_bundle, learn_beside, read_truth
from ml.simulate import simulate

END = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    simulate(folder, "tiny", 5)
    return folder


def test_knowing_the_rings_helps_and_volume_does_not(world):
    trees = learn_beside(world, END - timedelta(days=20))
    truth = read_truth(world / "truth")
    columns = beside(trees, world, truth, [END - timedelta(days=10)], [END])

    assert set(columns) == {"volume", "shared attributes", "trees", "oracle rings"}
    assert columns["oracle rings"]["roc_auc"] > columns["trees"]["roc_auc"] - 0.02
    assert columns["trees"]["roc_auc"] > columns["volume"]["roc_auc"] - 0.05


def test_a_cut_bundle_holds_the_past_and_only_that(world, tmp_path):
    as_of = END - timedelta(days=45)
    cut_bundle(world / "bundle", as_of, tmp_path / "cut")

    for name, column in (("usage", "occurred_at"), ("outcomes", "known_at")):
        cut = pl.read_parquet(tmp_path / "cut" / f"{name}.parquet")
        whole = pl.read_parquet(world / "bundle" / f"{name}.parquet")
        assert cut.equals(whole.filter(pl.col(column) <= as_of))
        assert 0 < cut.height < whole.height
