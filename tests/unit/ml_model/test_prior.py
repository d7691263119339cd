"""What accounts without a label teach."""

from dataclasses import replace

import numpy as np
import pytest

from ml.evaluate import roc_auc
from ml.prior import taught
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
    targets, weights = taught(overlooked, prior)
    known = ~np.isnan(overlooked.labels)
    assert np.array_equal(targets[known], overlooked.labels[known])
    margins = prior.margins(prior.values(overlooked.frame.rows(~known)))
    said = [prior.manifest.calibration.probability(one) for one in margins.tolist()]
    assert targets[~known].tolist() == said
    assert weights[~known].max() < weights[known].min()
    alone, less = taught(overlooked, None)
    assert not alone[~known].any()
    assert less[~known].max() < weights[~known].min()


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
