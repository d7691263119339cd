"""Contributions against two independent computations: shap's C code and brute force."""

import json
from itertools import combinations
from math import factorial

import lightgbm
import numpy as np
import pytest

from ml.model import ContributionError, check_sums
from tests.unit.ml_model.conftest import world


def test_contributions_add_up_to_the_margin(model, rows):
    answer = model.predict(rows.frame.values)
    gap = np.abs(answer.contributions.sum(axis=1) - answer.margins).max()
    assert gap <= 1e-9


def test_one_row_has_the_bits_of_many(model):
    values = world(seed=3).frame.values
    together = model.predict(values)
    for at in range(0, len(values), 7):
        alone = model.predict(values[at : at + 1])
        assert alone.margins[0] == together.margins[at]
        assert np.array_equal(alone.contributions[0], together.contributions[at])


def test_margins_alone_have_the_same_bits(model, rows):
    values = rows.frame.values
    assert np.array_equal(model.margins(values), model.predict(values).margins)


def test_no_row_gives_no_answer(model):
    assert model.margins(np.empty((0, 10))).shape == (0,)
    answer = model.predict(np.empty((0, 10)))
    assert answer.margins.shape == (0,)
    assert answer.contributions.shape == (0, 11)


def test_a_sum_that_is_off_is_refused(model, rows):
    answer = model.predict(rows.frame.values[:5])
    parts = answer.contributions.copy()
    parts[3, 2] += 1e-8
    with pytest.raises(ContributionError):
        check_sums(parts, answer.margins)


def test_a_sum_that_is_no_number_is_refused(model, rows):
    answer = model.predict(rows.frame.values[:5])
    parts = answer.contributions.copy()
    parts[0, 0] = np.nan
    with pytest.raises(ContributionError):
        check_sums(parts, answer.margins)


def test_contributions_equal_those_of_shaps_own_code(model, rows):
    import shap

    values = model.fill(rows.frame.values[:300])[0]
    booster = lightgbm.Booster(model_str=model.text.decode())
    explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    explainer.model.model_type = "internal"  # else shap calls LightGBM's own function
    theirs = explainer.shap_values(values)
    ours = model.predict(rows.frame.values[:300]).contributions
    assert np.abs(np.asarray(theirs) - ours[:, :-1]).max() <= 1e-9


def _expectation(node, row, known):
    """Return the path-dependent mean of a tree where only `known` inputs are given."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        goes_left = row[node["split_feature"]] <= node["threshold"]
        return _expectation(left if goes_left else right, row, known)
    counts = [_count(left), _count(right)]
    halves = [_expectation(left, row, known), _expectation(right, row, known)]
    return (counts[0] * halves[0] + counts[1] * halves[1]) / sum(counts)


def _count(node):
    return node.get("internal_count", node.get("leaf_count"))


def _shapley(tree, row, width):
    """Return Shapley values by their definition: every subset of the inputs."""
    values = {}
    for size in range(width + 1):
        for subset in combinations(range(width), size):
            values[subset] = _expectation(tree, row, set(subset))
    parts = np.zeros(width + 1)
    parts[-1] = values[()]
    for feature in range(width):
        rest = [other for other in range(width) if other != feature]
        for size in range(width):
            weight = factorial(size) * factorial(width - size - 1) / factorial(width)
            for subset in combinations(rest, size):
                joined = tuple(sorted((*subset, feature)))
                parts[feature] += weight * (values[joined] - values[subset])
    return parts


@pytest.mark.parametrize("seed", range(20))
def test_contributions_equal_brute_force(seed):
    rng = np.random.default_rng(seed)
    width = int(rng.integers(2, 7)) if seed else 10
    values = rng.normal(size=(300, width))
    target = (values.sum(axis=1) + rng.normal(size=300) > 0).astype(float)
    booster = lightgbm.train(
        {
            "objective": "binary",
            "num_leaves": 6,
            "min_data_in_leaf": 10,
            "verbosity": -1,
            "num_threads": 1,
            "seed": seed,
        },
        lightgbm.Dataset(values, target),
        num_boost_round=2 if seed else 1,
    )
    trees = json.loads(json.dumps(booster.dump_model()))["tree_info"]
    rows = values[:3] if seed else values[:1]
    theirs = booster.predict(rows, pred_contrib=True, num_threads=1)
    for row, parts in zip(rows, theirs, strict=True):
        total = sum(_shapley(tree["tree_structure"], row, width) for tree in trees)
        assert np.abs(total - parts).max() <= 1e-9
