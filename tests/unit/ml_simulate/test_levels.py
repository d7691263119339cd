"""What no account of a high level shows by itself, and what rings show together."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ml.benchmark.aggregates import SHARED, aggregates
from ml.simulate.levels import LADDER, LEVELS
from ml.simulate.seeds import Seeds
from ml.simulate.sessions import OWN, put_items
from tests.unit.ml_simulate.test_controls import auc, out_of_fold

END = datetime(2026, 11, 1, tzinfo=UTC)
MOST_BY_ONE_FEATURE = 0.85
# by when they were opened all late rings differ: that is the split, not a trace
CALENDAR = {"age_h", "newest_model", "n_model"}


@pytest.fixture(scope="module")
def known(ladder):
    return aggregates(ladder.folder / "bundle", END)


@pytest.fixture(scope="module")
def truth(ladder, known):
    rows = ladder.truth().sort("account_id")
    return rows.filter(pl.col("account_id").is_in(known.account_ids))


def test_every_level_takes_part(truth):
    assert set(truth["level"].drop_nulls()) == {level.name for level in LEVELS}
    assert len(LADDER) == 6
    assert set(truth.filter(pl.col("level") == "L6")["campaign"]) == {"R"}


@pytest.mark.parametrize("level", ["L3", "L4", "L5", "L6"])
def test_no_feature_gives_a_high_level_away(known, truth, level):
    mine = truth["level"].fill_null("").to_numpy() == level
    chosen = mine | (truth["class"].to_numpy() == "honest")
    positive = mine[chosen]
    found = {}
    for name in set(known.names) - CALENDAR:
        score = np.nan_to_num(known.column(name)[chosen], nan=-1e18)
        found[name] = max(auc(positive, score), 1 - auc(positive, score))

    # a level has some fifty accounts here: two standard errors above the limit
    assert {k: v for k, v in found.items() if v > MOST_BY_ONE_FEATURE + 0.05} == {}


def test_twins_cannot_be_told_from_their_hosts(known, truth):
    """A model over one account at a time finds nothing at level 5."""
    place = {one: at for at, one in enumerate(known.account_ids)}
    pairs = truth.select("account_id", "twin_of").drop_nulls().rows()
    pairs = [(place[one], place[host]) for one, host in pairs if host in place]
    alone = [at for at, name in enumerate(known.names) if name[8:] not in SHARED]
    twins, hosts = np.array(pairs).T
    features = known.values[np.concatenate([twins, hosts])][:, alone]
    positive = np.arange(len(features)) < len(pairs)
    # a host stays in one fold with all its twins, or a model would know it by heart
    score = out_of_fold(features, positive, np.tile(hosts, 2) % 4)

    assert len(pairs) > 100
    # .55 is the aim in a large world; with these pairs .05 is two standard errors
    assert auc(positive, score) <= 0.60


def test_jobs_of_twins_are_asked_by_one_account_alone():
    accounts = np.repeat(np.arange(50), 40)
    n = len(accounts)
    sessions = {
        "account": accounts,
        "tmpl": np.zeros(n, np.int64),
        "source": np.full(n, OWN),
        "item": np.zeros(n, np.uint64),
    }
    plans = {"own_fillers": np.full(50, 9.0), "shared_fillers": np.ones(50)}
    table = {"free": np.zeros(1), "shared_fillers": np.array([5])}
    jobs = np.arange(n) % 2 == 0

    put_items(Seeds(1), plans, table, sessions, jobs)

    rows = pl.DataFrame({"item": sessions["item"], "who": accounts, "job": jobs})
    crowd = rows.group_by("item", "job").agg(pl.col("who").n_unique())
    assert crowd.filter(pl.col("job"))["who"].max() == 1
    assert crowd.filter(~pl.col("job"))["who"].max() > 10
    again = rows.filter(pl.col("job")).group_by("who").agg(pl.col("item").n_unique())
    assert again["item"].max() < 20  # an account repeats its own, as its host does


def test_copies_share_no_wording_with_their_hosts(ladder):
    """A scaffold of a twin is its own, its ring's, or one that many use anyway."""
    truth = ladder.truth().select("account_id", "twin_of")
    usage = ladder.table("usage").select("account_id", "scaffold").drop_nulls().unique()
    users = usage.group_by("scaffold").len("users")
    twins = usage.join(truth.drop_nulls(), on="account_id")
    hosts = usage.rename({"account_id": "twin_of"})
    both = twins.join(hosts, on=["twin_of", "scaffold"]).join(users, on="scaffold")

    assert both.filter(pl.col("users") == 2).is_empty()


def test_a_pool_in_reserve_takes_over_within_days(ladder):
    """Operators differ in how they replace what they lose."""
    rings = ladder.truth("rings")
    assert rings["mechanism"].n_unique() >= 3
    heirs = ladder.truth().select("account_id", "replaces", "work_from", "level")
    lost = ladder.truth().select(replaces="account_id", lost="work_to")
    waits = heirs.join(lost, on="replaces").filter(pl.col("work_from") < END)
    days = (waits["work_from"] - waits["lost"]).dt.total_seconds() / 86_400
    assert days.median() < 4
