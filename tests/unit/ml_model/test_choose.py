"""Which way to learn is taken."""

from dataclasses import replace

import numpy as np
import pytest

from ml.choose import LEAST_LABELS, Losses, clearly_better, losses
from tests.unit.ml_model.conftest import world


@pytest.fixture(scope="module")
def told():
    """Return rows of which each has a label, and margins that tell most of it."""
    rows = world(seed=3, n=600)
    labels = (np.arange(600) % 5 == 0).astype(float)
    noise = np.random.default_rng(3).normal(size=600)
    return replace(rows, labels=labels), 2.0 * labels + noise


def test_margins_that_tell_more_lose_less(told):
    rows, margins = told
    blurred = margins + np.random.default_rng(4).normal(size=len(rows)) * 3.0
    sharp, blunt = losses(rows, margins), losses(rows, blurred)
    assert clearly_better(sharp, blunt)
    assert not clearly_better(blunt, sharp)
    assert not clearly_better(sharp, sharp)


def test_where_margins_lie_does_not_count(told):
    """Only what they tell apart: each is read by a calibration of its own."""
    rows, margins = told
    here, there = losses(rows, margins), losses(rows, margins - 1.0)
    assert here.each.sum() == pytest.approx(there.each.sum(), rel=0.02)


def test_each_class_is_worth_the_same(told):
    rows, _ = told
    blind = losses(rows, np.zeros(len(rows)))
    abusive = rows.labels == 1.0
    halves = blind.each[abusive].sum(), blind.each[~abusive].sum()
    assert halves[0] == pytest.approx(halves[1], rel=0.02)
    assert blind.each.sum() == pytest.approx(np.log(2.0), rel=0.02)


def test_of_few_labels_nothing_is_known(told):
    rows, margins = told
    labels = np.where(np.cumsum(rows.labels) < LEAST_LABELS, rows.labels, 0.0)
    assert losses(replace(rows, labels=labels), margins) is None
    assert not clearly_better(None, losses(rows, margins))
    assert not clearly_better(losses(rows, margins), None)


def test_one_ring_is_one_piece_of_luck():
    """A gain that a single group made is no gain, however many its accounts."""
    names = np.array(["ring"] * 200 + [f"a{at}" for at in range(200)], dtype=object)
    before = np.full(400, 0.01)
    in_one = Losses(np.where(np.arange(400) < 200, 0.005, 0.01), names)
    in_many = Losses(np.where(np.arange(400) < 200, 0.01, 0.005), names)
    assert not clearly_better(in_one, Losses(before, names))
    assert clearly_better(in_many, Losses(before, names))
