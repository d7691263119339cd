"""A population that stayed has an index near 0, one that moved a large one."""

import math

import numpy as np
import pytest

from ml import drift

RNG = np.random.default_rng(3)
GRID = np.percentile(RNG.normal(size=5000), np.arange(101), method="inverted_cdf")


def test_the_same_population_has_not_moved():
    assert drift.stability(GRID, RNG.normal(size=5000)) < 0.02


@pytest.mark.parametrize("shift", [0.5, 1.0, 3.0])
def test_the_index_grows_with_the_shift(shift):
    values = RNG.normal(size=5000)
    moved = drift.stability(GRID, values + shift)
    assert moved > drift.stability(GRID, values + shift / 2) > drift.LOOK / 2
    assert (moved > drift.MOVED) == (shift >= 1.0) or shift == 0.5


def test_a_count_that_is_mostly_zero_can_move_too():
    grid = np.percentile(RNG.poisson(0.05, 5000), np.arange(101))
    assert drift.stability(grid, RNG.poisson(0.05, 5000)) < 0.02
    assert drift.stability(grid, RNG.poisson(2.0, 5000)) > drift.MOVED


def test_too_few_values_say_nothing():
    values = np.where(np.arange(500) < 50, 1.0, np.nan)
    assert math.isnan(drift.stability(GRID, values))


def test_every_input_of_a_model_is_judged(model, rows):
    found = drift.by_feature(model.manifest, rows.frame.names, rows.frame.values)
    assert set(found) == set(model.names)
    assert max(found.values()) < drift.LOOK
