"""What accounts without a label teach."""

from dataclasses import replace

import numpy as np
import pytest

from ml.evaluate import roc_auc
from ml.manifest import ModelFeature
from ml.prior import LEARNING, inputs, taught
from ml.train import train
from tests.unit.ml_model.conftest import config, world


@pytest.fixture(scope="module")
def overlooked(rows):
    """Return rows in which nobody ever found the abuse that number 7 shows."""
    unseen = (rows.labels == 1.0) & (np.nan_to_num(rows.frame.values[:, 7]) >= 1.0)
    return replace(rows, labels=np.where(unseen, np.nan, rows.labels))


@pytest.fixture(scope="module")
def prior():
    return train(world(seed=1), config())


@pytest.fixture(scope="module")
def led(overlooked, prior):
    return train(overlooked, config(prior=prior))


def test_a_label_counts_and_a_prior_speaks_for_the_rest(overlooked, prior):
    targets = taught(overlooked, prior)
    known = ~np.isnan(overlooked.labels)
    assert np.array_equal(targets[known], overlooked.labels[known])
    margins = prior.margins(prior.values(overlooked.frame.rows(~known)))
    assert np.array_equal(targets[~known], 1 / (1 + np.exp(-margins)))
    assert not taught(overlooked, None)[~known].any()


def test_the_trees_go_on_from_the_prior(overlooked, prior):
    """Where no label contradicts, the sum stays what the prior has said."""
    agrees = replace(overlooked, labels=np.full(len(overlooked), np.nan))
    labels = np.full(len(overlooked), np.nan)
    labels[:2] = 0.0, 1.0  # both classes must be there
    went_on = train(replace(agrees, labels=labels), config(prior=prior))
    before, after = (
        one.predict(one.values(agrees.frame)).margins for one in (prior, went_on)
    )
    assert np.corrcoef(before, after)[0, 1] > 0.99
    assert went_on.text.count(b"\nTree=") == 150 + LEARNING["trees"]


def test_the_priors_inputs_come_first_and_are_filled_as_it_learned(prior):
    [first, second, *_] = prior.manifest.features
    here = [
        ModelFeature(second.name, second.direction, second.fill + 1, (5.0,) * 101),
        ModelFeature("new_here", 0, 7.0, (1.0,) * 101),
    ]
    found = inputs(here, prior)
    assert [one.name for one in found[:-1]] == list(prior.names)
    assert found[0] == first
    assert (found[1].fill, found[1].grid) == (second.fill, (5.0,) * 101)
    assert found[-1] == here[-1]
    assert inputs(here, None) == tuple(here)


def test_abuse_that_nobody_labelled_is_not_learnt_as_honest(overlooked, led):
    other = world(seed=9)
    known = ~np.isnan(other.labels)

    def found(model):
        margins = model.predict(other.frame.values).margins
        return roc_auc(other.labels[known], margins[known])

    assert found(led) > found(train(overlooked, config())) + 0.02


def test_a_model_names_its_prior_and_adds_up(rows, led, prior):
    assert led.manifest.prior == prior.manifest.text_sha256
    assert prior.manifest.prior == ""
    objectives = [one.manifest.parameters["objective"] for one in (led, prior)]
    assert objectives == ["cross_entropy", "binary"]
    assert b"objective: cross_entropy" in led.text  # what LightGBM says itself
    answer = led.predict(rows.frame.values[:200])
    sums = answer.contributions.sum(axis=1)
    assert np.abs(sums - answer.margins).max() < 1e-9
