"""Who lives in a world, and what campaigns do in it."""

from datetime import timedelta

import polars as pl
import pytest

from ml.simulate.campaigns import lives, plan_rings
from ml.simulate.clock import DEFAULT_END
from ml.simulate.levels import LADDER
from ml.simulate.seeds import Seeds
from ml.simulate.tiers import OFFERED, TIERS

START = DEFAULT_END - timedelta(days=120)


def test_a_third_of_the_honest_look_like_somebody_else(nano):
    honest = nano.truth().filter(pl.col("class") == "honest")

    assert honest["lookalike"].mean() >= 0.30
    assert honest["archetype"].n_unique() >= 20


@pytest.mark.parametrize("tier", OFFERED)
@pytest.mark.parametrize("seed", range(5))
def test_rings_have_their_sizes_and_levels(tier, seed):
    size = TIERS[tier]
    rings = plan_rings(Seeds(seed), size)

    assert sum(ring.size for ring in rings) == size.recruits
    assert all(size.ring_size[2] <= ring.size <= size.ring_size[3] for ring in rings)
    counts = [sum(ring.level == at for ring in rings) for at in range(len(size.levels))]
    assert tuple(counts) == size.levels


@pytest.mark.parametrize("seed", range(5))
def test_what_is_held_out_starts_after_training(seed):
    for ring in plan_rings(Seeds(seed), TIERS["mini"]):
        if ring.level >= 4 or ring.campaign == "C":
            assert ring.start >= 70
    levels = {
        ring.level for ring in plan_rings(Seeds(seed), TIERS["mini"]) if ring.start < 40
    }
    assert levels == {0, 1, 2, 3}


def test_rings_fill_the_places_of_lost_accounts():
    seeds = Seeds(3)
    for ring in plan_rings(seeds, TIERS["mini"]):
        accounts = lives(ring, seeds)
        assert len(accounts) == ring.size
        for account in accounts:
            assert ring.start <= account.born < account.lost <= ring.until
            if account.heir_of >= 0:
                assert accounts[account.heir_of].lost <= account.born


def test_work_is_quiet_for_each_account(nano):
    rings = nano.truth().filter(pl.col("class") == "ring", pl.col("exchanges") > 0)
    days = (rings["work_to"] - rings["work_from"]).dt.total_seconds() / 86_400
    daily = rings["exchanges"].sum() / days.sum()

    assert 5 <= daily <= 60


def test_a_campaign_never_asks_the_same_thing_twice(nano):
    """Fillers of work are disjoint between accounts; honest products repeat theirs."""
    truth = nano.truth().select(
        "account_id", "class", "level", "exchanges", "work_exchanges"
    )
    usage = nano.table("usage").filter(pl.col("turn").fill_null(1) == 1)
    rows = (
        usage.select("account_id", "filler", "scaffold")
        .drop_nulls()
        .join(truth, on="account_id")
    )
    rows = rows.with_columns(pl.col("filler").cast(pl.List(pl.String)).list.join(","))
    work = rows.filter(pl.col("level").is_in(["L0"]))
    shared = work.group_by("filler").agg(pl.col("account_id").n_unique())
    assert shared["account_id"].max() == 1
    assert work["filler"].n_unique() == work.height
    honest = rows.filter(pl.col("class") == "honest")
    assert honest["filler"].n_unique() < 0.97 * honest.height
    crowd = honest.group_by("filler").agg(pl.col("account_id").n_unique())
    assert crowd["account_id"].max() > 1


def test_fewer_traces_are_left_at_higher_levels(nano):
    """Cards, devices and scaffolds shared inside a ring grow rarer level by level."""
    truth = nano.truth().select("account_id", "ring", "level").drop_nulls()
    first = nano.table("accounts").unique(
        "account_id", keep="first", maintain_order=True
    )
    joined = first.join(truth, on="account_id")
    for column in ("payment_fingerprint", "signup_device_id"):
        sharing = {}
        for level in ("L0", "L1", "L2", "L3"):
            values = joined.filter(pl.col("level") == level)[column].drop_nulls()
            sharing[level] = 1 - values.n_unique() / len(values)
        assert sharing["L0"] > sharing["L1"] > max(sharing["L2"], sharing["L3"])


def test_levels_are_a_ladder():
    for field in (
        "card",
        "mail",
        "device",
        "script",
        "stack",
        "keep",
        "elicits",
        "legacy",
        "residue",
        "focus",
    ):
        values = [getattr(level, field) for level in LADDER]
        assert values == sorted(values, reverse=True)
    for field in ("clones", "spread", "ageing", "respawn", "stagger", "weights"):
        values = [getattr(level, field) for level in LADDER]
        assert values == sorted(values)


def test_labels_are_late_partial_and_sometimes_wrong(nano):
    outcomes = nano.table("outcomes").join(nano.truth(), on="account_id")
    delay = (outcomes["known_at"] - outcomes["observed_at"]).dt.total_seconds() / 86_400

    assert delay.min() > 0
    assert 5 < delay.filter(outcomes["source"] == "investigation").mean() < 15
    rings = nano.truth().filter(pl.col("class") == "ring")
    labelled = outcomes.filter(
        pl.col("class") == "ring", pl.col("label") == "confirmed_abuse"
    )
    assert 0.3 < labelled["account_id"].n_unique() / rings.height < 0.9
    tip = outcomes.filter(pl.col("source") == "partner_tip")
    assert tip["ring"].n_unique() == 1
    assert tip["known_at"].min() > START + timedelta(days=50)
    assert set(outcomes["source"]) >= {"investigation", "random_audit", "partner_tip"}


def test_busy_accounts_are_windows_whoever_they_are(nano):
    """Exchange rows of accounts with windows are a small sample of their hours."""
    windows, usage = nano.table("usage_window"), nano.table("usage")
    busy = windows.group_by("account_id").agg(pl.len().alias("hours"))
    hour = pl.col("occurred_at").dt.truncate("1h")
    shown = usage.join(busy, on="account_id").group_by("account_id", hour).len()

    assert 0.005 < shown.height / windows.height < 0.05
    joined = shown.rename({"occurred_at": "window_start"}).join(
        windows.select("account_id", "window_start", "requests"),
        on=["account_id", "window_start"],
        how="left",
    )
    assert joined["requests"].null_count() == 0
    assert (joined["len"] <= joined["requests"]).all()
