"""What people find out: the top of a queue, who hangs on it, and what partners tell."""

import polars as pl
import pytest


@pytest.fixture(scope="module")
def outcomes(nano):
    truth = nano.truth().select("account_id", "class", "ring")
    return nano.table("outcomes").drop("ring").join(truth, on="account_id")


def test_reviewers_follow_what_they_find(nano, outcomes):
    """Most accounts with the card of a confirmed one have been looked at."""
    cards = nano.table("payment_methods").select("account_id", "fingerprint")
    found = outcomes.filter(pl.col("label") == "confirmed_abuse")["account_id"]
    mine = cards.filter(pl.col("account_id").is_in(found.implode()))["fingerprint"]
    near = cards.filter(pl.col("fingerprint").is_in(mine.implode()))
    known = near["account_id"].is_in(outcomes["account_id"].implode())

    assert known.mean() > 0.8


def test_some_fraud_is_never_labelled(outcomes):
    seen = outcomes.filter(
        pl.col("class") == "ring",
        pl.col("source").is_in(["investigation", "random_audit"]),
    )
    missed = (seen["label"] == "inconclusive").mean()

    assert missed == pytest.approx(0.15, abs=0.06)


def test_partners_name_whole_rings(nano, outcomes):
    """A tip names every account of a ring that existed, months after its start."""
    tips = outcomes.filter(pl.col("source") == "partner_tip")
    truth = nano.truth()
    for ring in tips["ring"].unique():
        told = tips.filter(pl.col("ring") == ring)
        members = truth.filter(pl.col("ring") == ring)
        late = (told["known_at"].min() - members["work_from"].min()).days
        assert told["account_id"].n_unique() > 0.4 * len(members)
        assert late > 30

    assert len(tips)
