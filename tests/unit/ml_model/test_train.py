import math
from dataclasses import replace

import numpy as np
import pytest

from ml import dataset
from ml.features import FEATURES
from ml.history import mutable_features
from ml.train import train
from tests.unit.ml_model.conftest import NAMES, config, world


def test_the_same_rows_give_the_same_bytes_on_one_and_two_threads(rows, model):
    again = train(rows, config(threads=2))
    assert again.text == model.text
    assert again.manifest == model.manifest


def test_another_seed_gives_another_model(rows, model):
    assert train(rows, config(seed=6)).text != model.text


def test_the_model_ranks_accounts_of_another_world(model):
    other = world(seed=9)
    known = ~np.isnan(other.labels)
    margins = model.predict(other.frame.values).margins
    from ml.evaluate import roc_auc

    assert roc_auc(other.labels[known], margins[known]) > 0.8


@pytest.mark.parametrize("at", [0, 1, 2, 4, 5, 7, 8])
def test_a_monotone_feature_never_turns(model, at):
    feature = model.manifest.features[at]
    assert feature.direction != 0
    rng = np.random.default_rng(at)
    start = np.repeat(rng.normal(size=(20, 10)), 40, axis=0)
    start[:, at] = np.tile(np.linspace(-3, 6, 40), 20)
    steps = np.diff(model.predict(start).margins.reshape(20, 40), axis=1)
    assert np.all(steps * feature.direction >= 0.0)


@pytest.mark.parametrize("at", range(10))
def test_a_missing_value_never_raises_the_probability(model, rows, at):
    values = np.nan_to_num(rows.frame.values[:200])
    unknown, typical = values.copy(), values.copy()
    unknown[:, at] = np.nan
    typical[:, at] = np.nanmedian(rows.frame.values[:, at])
    said = [
        model.manifest.calibration.probability(m)
        for m in model.predict(unknown).margins
    ]
    usual = [
        model.manifest.calibration.probability(m)
        for m in model.predict(typical).margins
    ]
    assert max(a - b for a, b in zip(said, usual, strict=True)) <= 0.01


def test_no_ring_stands_on_both_sides_of_the_split(rows):
    fit, late = dataset.split_by_time(rows)
    assert fit.any()
    assert late.any()
    assert not np.any(fit & late)
    assert not set(rows.groups[fit]) & set(rows.groups[late])


def test_accounts_for_calibration_were_created_later(rows):
    fit, late = dataset.split_by_time(rows)
    single = np.array([not str(group).startswith("ring") for group in rows.groups])
    assert rows.times[fit & single].max() <= rows.times[late & single].min()


def test_a_final_snapshot_that_encodes_the_label_is_not_learnt():
    rows = world(missing=0.0)
    rng = np.random.default_rng(1)
    values = rng.normal(size=rows.frame.values.shape)
    values[:, 4] = rows.targets * 10
    rows = replace(
        rows,
        frame=replace(rows.frame, values=values),
        history_unknown=np.ones(len(rows), dtype=bool),
    )
    model = train(rows, config(mutable=frozenset({NAMES[4]})))
    assert NAMES[4] in model.manifest.excluded
    assert NAMES[4] not in model.names
    fresh = rng.normal(size=(4000, 10))
    targets = (rng.random(4000) < 0.3).astype(float)
    fresh[:, 4] = targets * 10
    frame = replace(world(n=4000).frame, values=fresh)
    from ml.evaluate import roc_auc

    auc = roc_auc(targets, model.predict(model.values(frame)).margins)
    assert abs(auc - 0.5) <= 0.03


def test_rows_with_a_history_keep_what_rows_without_one_lose():
    rows = world(missing=0.0)
    half = np.arange(len(rows)) % 2 == 0
    hidden = dataset.without_history(
        replace(rows, history_unknown=half), frozenset({NAMES[0]})
    )
    column = hidden.frame.column(NAMES[0])
    assert np.isnan(column[half]).all()
    assert np.array_equal(column[~half], rows.frame.column(NAMES[0])[~half])


def test_features_that_read_changeable_columns_are_found_by_running_them():
    found = mutable_features(FEATURES)
    assert {"is_under_contract", "verified_step_count", "is_prepaid_payment"} <= found
    assert {
        "country_disagreement_count",
        "is_permitted_use",
        "is_payer_mismatch",
    } <= found
    assert {"shared_card_count_90d", "shared_bin_day_count_90d"} <= found
    assert not {"is_hosting_signup", "signup_form_seconds", "account_age_days"} & found
    assert not {"shared_device_count_90d", "shared_net_count_7d"} & found


def test_unlabelled_accounts_weigh_less_than_labelled_ones(rows):
    unknown = np.isnan(rows.labels)
    assert rows.weights[unknown].max() < rows.weights[~unknown].min()


def test_an_account_seen_twice_counts_once():
    part = world(n=200)
    assert dataset.stack([part, part]).shares == pytest.approx(np.full(400, 0.5))


def test_maturity_grows_with_age_and_stays_below_one():
    ages = [dataset.maturity(day) for day in (0, 1, 14, 90)]
    assert ages == sorted(ages)
    assert 0 < ages[0] < 0.01
    assert ages[-1] < 1


def test_one_class_alone_cannot_be_learnt(rows):
    honest = replace(rows, labels=np.zeros(len(rows)))
    with pytest.raises(ValueError, match="class is absent"):
        train(honest, config())


def test_a_model_keeps_no_account(rows, model):
    golden = set(model.manifest.golden.rows)
    filled = model.fill(rows.frame.values)[0]
    assert not golden & {tuple(row) for row in filled.tolist()}
    assert all(math.isfinite(value) for row in golden for value in row)
