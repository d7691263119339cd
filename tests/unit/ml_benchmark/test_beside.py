"""The columns beside a result, and a bundle without its future, on a tiny world."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ml.benchmark import (
    Account,
    Export,
    ahead,
    beside,
    columns_of,
    cut_bundle,
    learn_beside,
    read_truth,
)
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
    days = [END - timedelta(days=10)], [END]
    columns = beside(truth, columns_of(trees, world, truth, *days))

    assert set(columns) == {"volume", "shared attributes", "trees", "oracle rings"}
    assert columns["oracle rings"]["roc_auc"] > columns["trees"]["roc_auc"] - 0.02
    assert columns["trees"]["roc_auc"] > columns["volume"]["roc_auc"] - 0.05


def said(scores: dict[str, float]) -> tuple[list[Export], list[Export]]:
    return [Export(END - timedelta(days=9), scores)], [Export(END, scores)]


def test_we_are_compared_with_the_best_of_each_level_account_by_account():
    """Two rings of L1, one of L2; whoever scores above all honest is found."""
    honest = [Account(f"h{at}", "individual", None, None, True) for at in range(1000)]
    rings = {"a": "L1", "b": "L1", "c": "L2"}
    guilty = [
        Account(f"{ring}{at}", "ring", level, ring, False)
        for ring, level in rings.items()
        for at in range(10)
    ]
    calm = {one.account_id: at / 1000 for at, one in enumerate(honest)}

    def finding(*found: str) -> tuple[list[Export], list[Export]]:
        return said(
            calm | {one.account_id: float(one.account_id in found) for one in guilty}
        )

    columns = {
        "volume": finding("a0", "a1"),
        "trees": finding("a0", "c0"),
        "oracle rings": finding(*(one.account_id for one in guilty)),
    }
    ours = finding("a0", "a2", "a3", "b1")
    [table] = ahead([*honest, *guilty], ours, columns, [0.01])
    assert table["rate"] == 0.01
    l1, l2 = table["levels"]["L1"], table["levels"]["L2"]
    assert (l1["best"], l1["difference"]) == ("volume", pytest.approx(2 / 20))
    # of ring a we find one more, of ring b one more
    assert l1["interval"] == (pytest.approx(0.1), pytest.approx(0.1))
    assert (l2["best"], l2["difference"]) == ("trees", pytest.approx(-0.1))
    assert l2["interval"] is None  # one ring has no spread


def test_a_cut_bundle_holds_the_past_and_only_that(world, tmp_path):
    as_of = END - timedelta(days=45)
    cut_bundle(world / "bundle", as_of, tmp_path / "cut")

    for name, column in (("usage", "occurred_at"), ("outcomes", "known_at")):
        cut = pl.read_parquet(tmp_path / "cut" / f"{name}.parquet")
        whole = pl.read_parquet(world / "bundle" / f"{name}.parquet")
        assert cut.equals(whole.filter(pl.col(column) <= as_of))
        assert 0 < cut.height < whole.height
