"""Control models: what carries no meaning must not tell rings from the honest."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import rankdata

TOLERANCE = 0.09  # 240 accounts: two and a half standard errors of an AUC near .5


def auc(positive, score):
    """Return the area under the ROC curve; ties count half."""
    ranks = rankdata(score)
    n = positive.sum()
    below = ranks[positive].sum() - n * (n + 1) / 2
    return below / (n * (len(positive) - n))


def out_of_fold(features, positive, fold=None):
    """Return scores of a boosted model that never saw the row it scores."""
    import lightgbm as lgb  # slow to load

    if fold is None:
        fold = np.random.default_rng(0).integers(0, 4, len(positive))
    score = np.zeros(len(positive))
    for one in range(4):
        known = fold != one
        data = lgb.Dataset(features[known], positive[known])
        options = {"objective": "binary", "num_leaves": 7, "verbose": -1}
        model = lgb.train(
            options | {"num_threads": 2, "seed": 1, "deterministic": True}, data, 40
        )
        score[~known] = model.predict(features[~known])
    return score


@pytest.fixture(scope="module")
def first_versions(nano):
    """One row an account in the order of the file, with its row number and class."""
    rows = nano.table("accounts").with_row_index("row")
    first = rows.group_by("account_id", maintain_order=True).first()
    joined = first.join(nano.truth().select("account_id", "class"), on="account_id")
    return joined.filter(pl.col("class") != "other-fraud")


def is_ring(accounts):
    return (accounts["class"] == "ring").to_numpy()


def test_ids_say_nothing(first_versions):
    digits = first_versions["account_id"].str.slice(4).to_list()
    features = np.array([list(bytes.fromhex(one)) for one in digits], float)

    found = auc(is_ring(first_versions), out_of_fold(features, is_ring(first_versions)))
    assert found == pytest.approx(0.5, abs=TOLERANCE)


def test_nulls_say_nothing(first_versions):
    features = np.stack(
        [first_versions[name].is_null().to_numpy() for name in first_versions.columns],
        1,
    ).astype(float)

    found = auc(is_ring(first_versions), out_of_fold(features, is_ring(first_versions)))
    assert found == pytest.approx(0.5, abs=TOLERANCE)


def test_decimals_say_nothing(first_versions):
    created = first_versions["created_at"].dt.epoch("us").to_numpy()
    features = np.stack(
        [created % 10, created % 1_000, created % 1_000_000, created // 10**6 % 60], 1
    ).astype(float)

    found = auc(is_ring(first_versions), out_of_fold(features, is_ring(first_versions)))
    assert found == pytest.approx(0.5, abs=TOLERANCE)


def test_row_order_says_no_more_than_time(nano):
    """Rows stand by time, then by id: their order holds nothing else."""
    for name, column, key in (
        ("accounts", "valid_from", "account_id"),
        ("usage", "occurred_at", "event_id"),
        ("events", "occurred_at", "event_id"),
        ("outcomes", "known_at", "outcome_id"),
        ("api_keys", "created_at", "key_id"),
        ("payment_methods", "added_at", "account_id"),
        ("usage_window", "window_start", "event_id"),
    ):
        table = nano.table(name).select(column, key)
        assert table.equals(table.sort(column, key))


def test_usage_decimals_say_nothing(nano):
    usage = (
        nano.table("usage").select("account_id", "occurred_at").sample(20_000, seed=1)
    )
    rows = usage.join(nano.truth().select("account_id", "class"), on="account_id")
    micros = rows["occurred_at"].dt.epoch("us").to_numpy()
    found = auc((rows["class"] == "ring").to_numpy(), micros % 1_000_000)

    assert found == pytest.approx(0.5, abs=0.02)
