"""What accounts without a label teach."""

from dataclasses import replace

import numpy as np
import pytest

from ml.choose import losses
from ml.dataset import describe, filled, split_by_time
from ml.evaluate import roc_auc
from ml.manifest import ModelFeature
from ml.prior import CORRECTIONS, begun, inputs, own_trees, taught
from ml.train import bare_model, grow, train
from tests.unit.ml_model.conftest import CATALOGUE, config, world


@pytest.fixture(scope="module")
def overlooked(rows):
    """Return rows in which nobody ever found the abuse that number 7 shows."""
    unseen = (rows.labels == 1.0) & (np.nan_to_num(rows.frame.values[:, 7]) >= 1.0)
    return replace(rows, labels=np.where(unseen, np.nan, rows.labels))


@pytest.fixture(scope="module")
def prior():
    return train(world(seed=1), config())


def test_a_label_counts_and_a_prior_speaks_for_the_rest(overlooked, prior):
    targets = taught(overlooked, prior)
    known = ~np.isnan(overlooked.labels)
    assert np.array_equal(targets[known], overlooked.labels[known])
    margins = prior.margins(prior.values(overlooked.frame.rows(~known)))
    assert np.array_equal(targets[~known], 1 / (1 + np.exp(-margins)))
    assert not taught(overlooked, None)[~known].any()


def agreeing(rows, prior, every=3):
    """Return rows of which every so many have a label: what the prior would say."""
    margins = prior.margins(prior.values(rows.frame))
    labels = (margins > np.quantile(margins, 0.8)).astype(float)
    return replace(rows, labels=np.where(np.arange(len(rows)) % every, np.nan, labels))


def told_by(rows, at):
    """Return rows whose labels are what one feature says, and nothing else."""
    column = np.nan_to_num(rows.frame.values[:, at])
    return replace(rows, labels=(column > np.quantile(column, 0.7)).astype(float))


def half_wrong(rows, prior):
    """Return rows whose labels the prior sees, and a number that it never learned."""
    margins = prior.margins(prior.values(rows.frame))
    unseen = np.nan_to_num(rows.frame.values[:, 8])
    hidden = margins + 0.9 * unseen
    labels = (hidden > np.quantile(hidden, 0.8)).astype(float)
    return replace(rows, labels=labels)


def test_a_prior_that_is_right_is_kept_letter_for_letter(rows, prior):
    """Labels that say what it says give it a reading of this site, and no trees."""
    known = agreeing(rows, prior)
    _, late = split_by_time(known)
    assert losses(known.rows(late), np.zeros(int(late.sum()))) is not None
    kept = train(known, config(prior=prior))
    assert kept.text == prior.text
    assert kept.manifest.adaptation == "calibrated"
    assert kept.manifest.prior == ""
    assert not kept.manifest.goes_on
    assert kept.manifest.parameters == prior.manifest.parameters


@pytest.fixture(scope="module")
def went_on(rows, prior):
    return train(half_wrong(rows, prior), config(prior=prior))


def test_few_labels_leave_a_prior_what_it_is(rows, prior):
    """A candidate without anything of the site in it is no calibrated one."""
    kept = train(agreeing(rows, prior, every=40), config(prior=prior))
    assert kept.text == prior.text
    assert kept.manifest.calibration == prior.manifest.calibration
    assert kept.manifest.adaptation == prior.manifest.adaptation


def test_the_trees_go_on_from_a_prior_that_lacks_something(rows, prior, went_on):
    assert went_on.manifest.goes_on
    assert went_on.manifest.adaptation == "trained"
    before, after = (one.margins(one.values(rows.frame)) for one in (prior, went_on))
    assert 0.9 < np.corrcoef(before, after)[0, 1] < 1.0
    assert 0 < own_trees(went_on.text, prior) <= CORRECTIONS["trees"]


def test_trees_are_grown_anew_where_the_prior_is_wrong(rows):
    """What its directions cannot take back must not stay for good."""
    wrong = train(told_by(rows, at=7), config())
    model = train(told_by(rows, at=8), config(prior=wrong))
    assert not model.manifest.goes_on
    assert model.manifest.prior == wrong.manifest.text_sha256


def test_a_prior_does_not_read_what_only_a_last_value_is_known_of(rows, prior):
    hidden = replace(
        agreeing(rows, prior), history_unknown=np.ones(len(rows), dtype=bool)
    )
    model = train(hidden, config(prior=prior, mutable=frozenset({prior.names[0]})))
    assert not model.manifest.goes_on
    assert prior.names[0] in model.manifest.excluded


def test_the_priors_inputs_come_first_with_the_milder_fill(rows, prior):
    [first, second, *_] = prior.manifest.features
    away = second.fill + (9.0 if second.direction > 0 else -9.0)
    here = [
        ModelFeature(second.name, second.direction, away, (5.0,) * 101),
        ModelFeature("new_here", 0, 7.0, (1.0,) * 101),
    ]
    values = rows.frame.values.copy()
    values[:, rows.frame.names.index(first.name)] = np.nan  # nobody has it here
    nobody = replace(rows, frame=replace(rows.frame, values=values))
    found = inputs(here, nobody, prior)
    assert [one.name for one in found[:-1]] == list(prior.names)
    assert found[0] == first
    assert (found[1].fill, found[1].grid) == (second.fill, (5.0,) * 101)
    assert found[-1] == here[-1]


def test_a_prior_that_knows_fewer_columns_says_what_it_said(rows):
    """LightGBM compares widths, and trees must ask the columns that they learned."""
    narrow = train(world(seed=1), config(features=CATALOGUE[:8]))
    went_on = train(half_wrong(rows, narrow), config(prior=narrow))
    assert went_on.manifest.goes_on
    assert set(went_on.names) == {one.name for one in CATALOGUE}
    assert went_on.names[: len(narrow.names)] == narrow.names
    booster = begun(narrow, went_on.manifest.features)
    assert booster.num_feature() == len(CATALOGUE)
    values = np.nan_to_num(rows.frame.select(went_on.names))
    said = booster.predict(values, raw_score=True)
    assert np.array_equal(said, narrow.margins(values[:, : len(narrow.names)]))


def test_what_is_the_same_for_all_has_its_own_percentiles(rows, prior):
    name = prior.names[0]
    values = rows.frame.values.copy()
    values[:, rows.frame.names.index(name)] = 3.0
    same = replace(rows, frame=replace(rows.frame, values=values))
    found = inputs([], same, prior)[0]
    assert found.name == name
    assert set(found.grid) == {3.0}


def test_abuse_that_nobody_labelled_is_not_learnt_as_honest(overlooked, prior):
    other = world(seed=9)
    known = ~np.isnan(other.labels)

    def found(teacher):
        asked = config(prior=teacher)
        described, excluded = describe(overlooked, asked.features)
        text = grow(filled(overlooked, described), overlooked, described, asked)
        model = bare_model(asked, overlooked, described, excluded, text)
        return roc_auc(other.labels[known], model.margins(other.frame.values)[known])

    assert found(prior) > found(None) + 0.02


def test_a_model_names_its_prior_and_adds_up(rows, went_on, prior):
    assert went_on.manifest.prior == prior.manifest.text_sha256
    assert prior.manifest.prior == ""
    objectives = [one.manifest.parameters["objective"] for one in (went_on, prior)]
    assert objectives == ["cross_entropy", "binary"]
    assert b"objective: cross_entropy" in went_on.text  # what LightGBM says itself
    answer = went_on.predict(rows.frame.values[:200])
    sums = answer.contributions.sum(axis=1)
    assert np.abs(sums - answer.margins).max() < 1e-9
