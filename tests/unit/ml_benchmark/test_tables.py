"""Public fraud tables are cut as published, on files written by hand."""

import numpy as np
import polars as pl
import pytest

from ml.benchmark import tables


@pytest.fixture
def purchases(tmp_path):
    """Ten purchases, out of order; two devices buy again."""
    rows = [
        (1, "2015-01-01 00:00:00", "2015-01-01 00:00:01", "a", 1),
        (2, "2015-01-03 10:00:00", "2015-02-05 11:00:00", "b", 0),
        (3, "2015-01-01 00:00:02", "2015-01-01 00:00:03", "a", 1),
        (4, "2015-03-01 00:00:00", "2015-03-09 00:00:00", "c", 0),
        (5, "2015-04-01 00:00:00", "2015-04-09 00:00:00", "d", 0),
        (6, "2015-05-01 00:00:00", "2015-05-09 00:00:00", "e", 0),
        (7, "2015-06-01 00:00:00", "2015-06-09 00:00:00", "f", 1),
        (8, "2015-07-01 00:00:00", "2015-07-09 00:00:00", "g", 0),
        (9, "2015-09-01 00:00:00", "2015-09-09 00:00:00", "b", 1),
        (10, "2015-08-01 00:00:00", "2015-08-09 00:00:00", "h", 0),
    ]
    frame = pl.DataFrame(
        [
            {
                "user_id": number, "signup_time": signup, "purchase_time": bought,
                "purchase_value": 10 * number, "device_id": device, "source": "Ads",
                "browser": "Opera", "sex": "M", "age": 30, "ip_address": 1.5e9,
                "class": label,
            }
            for number, signup, bought, device, label in rows
        ]
    )  # fmt: skip
    path = tmp_path / "Fraud_Data.csv"
    frame.write_csv(path)
    return path


def test_the_first_four_fifths_by_time_train(purchases):
    split = tables.ecommerce(purchases)

    assert split.train.tolist() == [True] * 8 + [False] * 2
    bought = split.values[:, split.columns.index("purchase_value")]
    assert bought.tolist() == [10, 30, 20, 40, 50, 60, 70, 80, 100, 90]


def test_days_are_lost_as_in_the_published_code(purchases):
    split = tables.ecommerce(purchases)
    clock = split.values[:, split.columns.index("time_since_signup")]
    whole = split.values[:, split.columns.index("whole_time_since_signup")]

    assert clock[2] == 3_600
    assert whole[2] == 33 * 86_400 + 3_600


def test_a_device_knows_its_own_past_alone(purchases):
    split = tables.ecommerce(purchases)
    before = split.values[:, split.columns.index("device_before")]
    pause = split.values[:, split.columns.index("device_pause")]

    assert before.tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert pause[1] == 2
    assert np.isnan(pause[2])
    assert pause[9] == 216 * 86_400 - 11 * 3_600


def test_every_variant_is_of_columns_that_exist(purchases):
    split = tables.ecommerce(purchases)
    for columns in tables.ecommerce_variants().values():
        assert split.only(columns).values.shape == (10, len(columns))
    assert "device_id" not in split.columns


def test_another_file_is_named_as_such(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(tables.TableError, match=r"other\.csv has no column user_id"):
        tables.ecommerce(path)


@pytest.fixture
def applications(tmp_path):
    rng = np.random.default_rng(1)
    n = 4_000
    risk = rng.normal(size=n)
    frame = pl.DataFrame(
        {
            "fraud_bool": (risk + rng.normal(size=n) > 2.5).astype(int),
            "income": risk,
            "customer_age": rng.choice([20, 40, 60], n),
            "payment_type": rng.choice(["AA", "AB"], n),
            "bank_months_count": rng.integers(-1, 30, n),
            "month": rng.integers(0, 8, n),
        }
    )
    path = tmp_path / "Base.csv"
    frame.write_csv(path)
    return path, frame


def test_six_months_train_and_unknown_is_missing(applications):
    path, frame = applications
    split = tables.bank_accounts(path)

    assert split.train.tolist() == (frame["month"] < 6).to_list()
    months = split.values[:, split.columns.index("bank_months_count")]
    assert np.isnan(months).sum() == (frame["bank_months_count"] < 0).sum()
    assert split.categorical == ("payment_type",)
    assert "month" not in split.columns


def test_figures_of_a_signal_and_of_none(applications):
    split = tables.bank_accounts(applications[0])
    found = tables.figures(split, tables.score(split), 0.05)

    assert found["roc_auc"] > 0.85
    assert 0.3 < found["recall"] < 1
    assert 0 < found["group_ratio"] <= 1
    flat = np.zeros(int((~split.train).sum()))
    none = tables.figures(split, flat, 0.05)
    assert none["roc_auc"] == 0.5
    assert none["recall"] == pytest.approx(0.05)
