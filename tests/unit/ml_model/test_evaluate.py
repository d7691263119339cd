import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ml import evaluate


@given(st.integers(0, 10_000))
def test_areas_equal_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = (rng.random(60) < 0.3).astype(float)
    labels[:2] = (0.0, 1.0)
    scores = np.round(rng.normal(size=60), 1)  # with ties
    weights = rng.random(60) + 0.1
    assert evaluate.roc_auc(labels, scores, weights) == pytest.approx(
        roc_auc_score(labels, scores, sample_weight=weights)
    )
    assert evaluate.pr_auc(labels, scores, weights) == pytest.approx(
        average_precision_score(labels, scores, sample_weight=weights)
    )


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=200), st.floats(0, 1))
def test_no_more_honest_accounts_exceed_the_threshold_than_asked(scores, rate):
    honest = np.array(scores)
    threshold = evaluate.threshold_at(honest, rate)
    assert np.mean(honest > threshold) <= rate


def test_one_class_has_no_area():
    assert math.isnan(evaluate.roc_auc(np.ones(3), np.arange(3.0)))
    assert math.isnan(evaluate.pr_auc(np.zeros(3), np.arange(3.0)))


@given(st.integers(0, 50), st.integers(0, 50))
def test_wilson_holds_the_share(hits, misses):
    low, high = evaluate.wilson(hits, hits + misses)
    share = hits / (hits + misses) if hits + misses else 0.5
    assert 0.0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1.0


def test_wilson_equals_the_published_example():
    # Newcombe 1998, table I: 81 of 263 at 95 %
    assert evaluate.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_groups_are_measured_apart():
    labels = np.array([0.0, 0.0, 0.0, 0.0, 1.0])
    scores = np.array([0.9, 0.1, 0.1, 0.1, 0.9])
    groups = np.array(["a", "a", "b", "b", "a"], dtype=object)
    rates = evaluate.false_positive_rate_by(labels, scores, 0.5, groups)
    assert (rates["a"].value, rates["a"].count) == (0.5, 2)
    assert rates["b"].value == 0.0


def test_perfect_probabilities_have_no_calibration_error():
    labels = np.array([0.0, 0.0, 1.0, 1.0])
    assert evaluate.calibration_error(labels, labels) == 0.0
    assert evaluate.brier(labels, labels) == 0.0
    assert evaluate.log_loss(labels, labels) == pytest.approx(0.0, abs=1e-9)


def test_calibration_error_measures_the_gap():
    labels = np.zeros(1000)
    assert evaluate.calibration_error(labels, np.full(1000, 0.2)) == pytest.approx(0.2)
