import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import calibrate, evaluate, intervals
from ml.calibrate import HeldOut


def held_out(n, seed=0, *, stretch=2.0, shift=1.0):
    """Margins whose true log-odds are margin * stretch - shift."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(-1.0, 2.0, n)
    truth = 1 / (1 + np.exp(-(margins * stretch - shift)))
    labels = (rng.random(n) < truth).astype(float)
    folds = rng.integers(0, 5, n)
    return HeldOut(margins, labels, np.ones(n), folds, np.ones(n)), truth


def bounds_of(data, edges):
    return intervals.bounds(data.margins, data.labels, data.weights, edges)


EDGES = np.linspace(-5.0, 4.0, 15)
FITTED = calibrate.fit(held_out(3000)[0], EDGES)


def test_beta_is_chosen_where_it_helps_and_finds_the_truth():
    data, truth = held_out(3000)
    assert FITTED.method == "beta"
    said = np.array([FITTED.probability(margin) for margin in data.margins])
    assert np.abs(said - truth).mean() < 0.03


def test_calibration_beats_the_bare_margin_on_new_accounts():
    data, _ = held_out(3000, seed=8)
    from ml.evaluate import calibration_error, log_loss

    said = np.array([FITTED.probability(margin) for margin in data.margins])
    bare = np.array([calibrate.expit(margin) for margin in data.margins])
    assert log_loss(data.labels, said) < log_loss(data.labels, bare) - 0.02
    assert calibration_error(data.labels, said) < 0.03


@given(st.floats(-12, 12), st.floats(1e-6, 5))
def test_a_higher_margin_always_has_higher_log_odds(margin, step):
    for method in (FITTED, calibrate.uncalibrated()):
        assert method.log_odds(margin + step) > method.log_odds(margin)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_interval_holds_the_probability_and_both_stay_inside_zero_and_one(margin):
    probability = FITTED.probability(margin)
    low, high = FITTED.interval(margin)
    assert 0.0 <= low <= probability <= high <= 1.0
    assert 0.0 < probability < 1.0
    assert math.isfinite(calibrate.logit(probability))


@given(st.floats(-25, 25))
def test_logit_undoes_expit(log_odds):
    back = calibrate.logit(calibrate.expit(log_odds))
    assert back == pytest.approx(log_odds, abs=1e-4)


@pytest.mark.parametrize(
    ("positives", "expected"),
    [(0, ("none",)), (9, ("none",)), (10, ("none", "shift")), (29, ("none", "shift"))],
)
def test_few_positives_carry_only_a_simple_calibrator(positives, expected):
    labels = np.zeros(500)
    labels[:positives] = 1.0
    assert calibrate.allowed(labels) == expected
    assert calibrate.allowed(1.0 - labels) == expected


def test_nothing_held_out_means_nothing_is_known():
    nothing = calibrate.fit(held_out(0)[0], EDGES)
    assert nothing.method == "none"
    assert nothing.interval(0.3) == (0.0, 1.0)
    assert nothing.log_odds(0.3) == 0.3


def test_a_calibrated_margin_is_left_alone():
    data, _ = held_out(2000, stretch=1.0, shift=0.0)
    kept = calibrate.fit(data, EDGES)
    assert abs(kept.log_odds(0.0)) < 0.3
    assert kept.log_odds(2.0) == pytest.approx(2.0, abs=0.5)


def test_intervals_hold_the_true_rate_about_as_often_as_they_say():
    inside = []
    for seed in range(30):
        data, truth = held_out(800, seed=seed)
        low, high = bounds_of(data, EDGES)
        at = np.searchsorted(EDGES, data.margins, side="right")
        for number in range(2, 14):
            if (at == number).sum() >= 20:
                rate = truth[at == number].mean()
                inside.append(low[number] <= rate <= high[number])
    assert np.mean(inside) >= 0.85


def test_intervals_narrow_with_more_accounts():
    few = bounds_of(held_out(200)[0], EDGES)
    many = bounds_of(held_out(20_000)[0], EDGES)
    assert np.mean(many[1] - many[0]) < np.mean(few[1] - few[0]) / 3


def test_a_bin_without_accounts_is_bounded_by_its_neighbors_alone():
    data, _ = held_out(500)
    low, high = bounds_of(data, np.array([-60.0, -50.0, 0.0, 50.0, 60.0]))
    assert low[0] == 0.0
    assert high[0] <= high[2] < 0.5
    assert high[-1] == 1.0
    assert low[-1] >= low[3] > 0.5


def test_abuse_without_a_label_does_not_pull_the_probability_down():
    data, truth = held_out(4000)
    rng = np.random.default_rng(5)
    hidden = rng.random(4000) < 0.5  # of the abuse; nothing honest is ever labelled
    labels = np.where(hidden, 0.0, data.labels)
    cover = np.where(labels == 1.0, 1.0, 0.5)
    from dataclasses import replace

    partly = replace(data, labels=labels, cover=cover)
    naive = calibrate.fit(replace(partly, cover=np.ones(4000)), EDGES)
    fair = calibrate.fit(partly, EDGES)

    def error(model):
        said = np.array([model.probability(margin) for margin in data.margins])
        return np.abs(said - truth).mean()

    assert error(fair) < 0.05 < error(naive)


def test_labels_that_are_known_are_never_doubted():
    data, _ = held_out(300)
    assert np.array_equal(calibrate.believed(data, "beta").labels, data.labels)


def test_few_accounts_read_known_trees_as_they_were_read():
    data, _ = held_out(40)
    few = data.rows(data.labels == 0.0)
    again, said = calibrate.read_again(FITTED, few)
    assert again == FITTED
    assert said[0] == pytest.approx(FITTED.probability(float(few.margins[0])))


def test_other_accounts_move_how_known_trees_are_read():
    """Margins that mean more abuse here get higher probabilities, in the same order."""
    data, _ = held_out(3000, seed=5)
    shifted = replace(data, margins=data.margins - 2.0)
    again, said = calibrate.read_again(FITTED, shifted)
    before = [FITTED.probability(one) for one in (-2.0, 0.0, 2.0)]
    now = [again.probability(one) for one in (-2.0, 0.0, 2.0)]
    assert all(after > was for after, was in zip(now, before, strict=True))
    assert now == sorted(now)
    assert again.edges == FITTED.edges
    assert (again.rows, len(said)) == (3000, 3000)
    assert evaluate.log_loss(shifted.labels, said, shifted.weights) < evaluate.log_loss(
        shifted.labels,
        np.array([FITTED.probability(one) for one in shifted.margins.tolist()]),
        shifted.weights,
    )
