"""The same world with something taken away: labels, or one trace of the rings."""

import polars as pl
import pytest

from ml.simulate import Variant, simulate
from ml.simulate.campaigns import plan_rings
from ml.simulate.levels import LEVELS, TRACES
from ml.simulate.seeds import Seeds
from ml.simulate.tiers import TIERS


def test_without_labels_only_the_outcomes_are_gone(tiny, tmp_path):
    simulate(tmp_path, "tiny", 5, variant=Variant("zero-label"))

    for path in sorted((tiny.folder / "bundle").glob("*.parquet")):
        now = (tmp_path / "bundle" / path.name).read_bytes()
        assert (now == path.read_bytes()) == (path.stem != "outcomes")
    outcomes = pl.read_parquet(tmp_path / "bundle" / "outcomes.parquet")
    assert outcomes.is_empty()
    assert outcomes.schema == tiny.table("outcomes").schema


def test_without_cards_rings_share_none(tiny, tmp_path):
    simulate(tmp_path, "tiny", 5, variant=Variant(without="cards"))

    truth = pl.read_parquet(tmp_path / "truth" / "accounts.parquet")
    rings = truth.select("account_id", "ring", "replaces").drop_nulls("ring")
    rows = pl.read_parquet(tmp_path / "bundle" / "accounts.parquet")
    cards = rows.unique("account_id").select("account_id", "payment_fingerprint")
    mine = cards.join(rings.filter(pl.col("replaces").is_null()), on="account_id")
    sharing = mine.drop_nulls("payment_fingerprint").group_by("payment_fingerprint")
    assert sharing.len()["len"].max() <= 2  # a replacement may carry the lost one's
    honest = truth.filter(pl.col("class") == "honest").sort("account_id")
    assert honest["account_id"].equals(
        tiny.truth()
        .filter(pl.col("class") == "honest")
        .sort("account_id")["account_id"]
    )


@pytest.mark.parametrize("trace", sorted(TRACES))
def test_a_knock_out_takes_what_it_names_and_nothing_else(trace):
    with_it = plan_rings(Seeds(3), TIERS["mini"])
    gone = plan_rings(Seeds(3), TIERS["mini"], trace)

    for one, other in zip(with_it, gone, strict=True):
        assert (one.size, one.start, one.rate) == (other.size, other.start, other.rate)
        for field in LEVELS[0].__slots__:
            if field in TRACES[trace]:
                assert getattr(other.habits, field) == TRACES[trace][field]
            else:
                assert getattr(other.habits, field) == getattr(one.habits, field)
