"""A draw whose chances are known speaks for everybody, not for those it prefers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import evaluate, sampling


def draw(scores, wanted, rng):
    return sampling.stratified(scores, rng.random(len(scores)), wanted, rng.random())


@given(count=st.integers(1, 60), wanted=st.integers(0, 80), seed=st.integers(0, 9))
def test_the_chances_add_up_to_what_is_drawn_on_average(count, wanted, seed):
    rng = np.random.default_rng(seed)
    sample = draw(rng.random(count), wanted, rng)
    assert len(set(sample.drawn.tolist())) == len(sample.drawn) <= min(count, wanted)
    assert np.all((sample.chances >= 0.0) & (sample.chances <= 1.0))
    assert np.all(sample.chances[sample.drawn] > 0.0)
    assert abs(sample.chances.sum() - len(sample.drawn)) <= 1.0 + 1e-9


def test_accounts_are_drawn_as_often_as_their_chance_says():
    rng = np.random.default_rng(5)
    scores = rng.random(40)
    times = 4000
    found = np.zeros(40)
    for _ in range(times):
        sample = draw(scores, 7, rng)
        found[sample.drawn] += 1
    spread = np.sqrt(sample.chances * (1 - sample.chances) / times)
    assert np.all(np.abs(found / times - sample.chances) <= 4.5 * spread + 1e-12)
    assert set(np.flatnonzero(sample.top)) == set(np.argsort(-scores)[:4])


def test_equal_scores_are_parted_by_the_lots_alone():
    sample = sampling.stratified(np.zeros(20), np.arange(20)[::-1] / 20, 4, 0.9)
    assert set(np.flatnonzero(sample.top)) == {19, 18}
    assert set(sample.drawn.tolist()) == {19, 18, 17, 16}


def test_intervals_of_weighted_shares_hold_the_truth():
    rng = np.random.default_rng(11)
    scores = rng.random(4000)
    abusive = rng.random(4000) < 0.3 * scores**4
    truth = {"prevalence": abusive.mean(), "recall": (scores > 0.9)[abusive].mean()}
    held = dict.fromkeys(truth, 0)
    for _ in range(300):
        sample = draw(scores, 300, rng)
        labels, weights = abusive[sample.drawn], 1.0 / sample.chances[sample.drawn]
        asked = scores[sample.drawn] > 0.9
        said = {
            "prevalence": evaluate.weighted_share(labels, weights),
            "recall": evaluate.weighted_share(asked[labels], weights[labels]),
        }
        for name, one in said.items():
            held[name] += one.low <= truth[name] <= one.high
    assert held["prevalence"] >= 0.93 * 300
    assert held["recall"] >= 0.93 * 300


def test_equal_weights_change_nothing():
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 30, 200).astype(float)
    for rate in (0.0, 0.01, 0.05, 0.5, 1.0):
        plain = evaluate.threshold_at(scores, rate)
        weighed = evaluate.threshold_at(scores, rate, np.full(200, 2.5))
        assert np.mean(scores > weighed) <= rate
        assert weighed <= plain
    chosen = scores > 20
    one = evaluate.weighted_share(chosen, np.full(200, 7.0))
    other = evaluate.share(chosen)
    assert (one.value, one.low) == pytest.approx((other.value, other.low))


def test_a_weighted_threshold_flags_no_more_than_the_rate():
    scores, weights = np.array([3.0, 2.0, 1.0]), np.array([1.0, 9.0, 90.0])
    assert evaluate.threshold_at(scores, 0.01, weights) == 2.0
    assert evaluate.threshold_at(scores, 0.1, weights) == 1.0
    assert evaluate.threshold_at(scores, 0.001, weights) == 3.0
