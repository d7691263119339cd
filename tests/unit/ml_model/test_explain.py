import dataclasses
import math

import numpy as np
import pytest

from ml.explain import (
    COMPANY_CODE,
    GROUP_CODE,
    LEAST_POINTS,
    MISSING_CODE,
    POINTS,
    Explainer,
    group_reasons,
    reason_codes,
    standing,
)
from ml.features.feature import FAMILIES
from ml.frames import RingPart
from tests.unit.ml_model.conftest import CATALOGUE, world

BY_NAME = {one.name: one for one in CATALOGUE}
RING = RingPart("ring_1", 0.8, 0.9, "core", ("payment",))
COMPANY = RingPart("ring_1", 0.8, 0.9, "core", ("payment",), 2.5)
ALONE = RingPart(None, 0.4, 0.0, "associate", ("shape",), 2.5)
OLD = RingPart(None, 0.4, 1.0, "associate", ("shape",))  # before company was kept


@pytest.fixture(scope="module")
def values():
    return world(seed=4, missing=0.2).frame.values[:300]


def explained(model, values, *, exchanges=500.0, ring=None):
    prediction = model.predict(values)
    n = len(values)
    evidence = {"exchanges": np.full(n, exchanges)}
    group = [1.5 if ring else 0.0] * n
    explainer = Explainer(model.manifest, BY_NAME)
    reasons = explainer.reasons(values, prediction, evidence, [ring] * n, group)
    return prediction, explainer, reasons


def test_at_most_four_reasons_raise_and_one_lowers_in_order_of_size(model, values):
    for reasons in explained(model, values)[2]:
        raising = [one for one in reasons if one.direction == "raises"]
        lowering = [one for one in reasons if one.direction == "lowers"]
        assert len(raising) <= 4
        assert len(lowering) <= 1
        assert reasons == (*raising, *lowering)
        assert [one.points for one in raising] == sorted(
            (one.points for one in raising), reverse=True
        )
        weighed = [one for one in reasons if one.code != MISSING_CODE]
        assert all(abs(one.points) >= LEAST_POINTS - 0.005 for one in weighed)


def test_no_larger_family_is_left_out(model, values):
    prediction, explainer, answers = explained(model, values)
    codes, sums = explainer.families(prediction)
    for row, reasons in zip(sums, answers, strict=True):
        told = {one.family: one.points for one in reasons if one.points > 0}
        largest = sorted(
            (p, f) for f, p in zip(codes, row * POINTS, strict=True) if f != "DAT"
        )[-4:]
        for points, family in largest:
            if points >= LEAST_POINTS and family != "RHY":
                assert told[family] == pytest.approx(points, abs=0.01)


def test_families_add_up_to_the_margin(model, values):
    prediction, explainer, _ = explained(model, values)
    total = explainer.families(prediction)[1].sum(axis=1)
    total = total + prediction.contributions[:, -1]
    assert np.abs(total - prediction.margins).max() <= 1e-9


def test_one_account_gets_the_reasons_it_gets_among_many(model, values):
    together = explained(model, values)[2]
    for at in range(0, 300, 17):
        assert explained(model, values[at : at + 1])[2] == [together[at]]


def test_a_missing_input_is_never_a_reason(model, values):
    for row, reasons in zip(values, explained(model, values)[2], strict=True):
        told = {name for one in reasons for name in one.features}
        unknown = {CATALOGUE[at].name for at in range(10) if math.isnan(row[at])}
        assert not told & unknown
        assert len(reasons) == 1 or all(one.family != "DAT" for one in reasons)


def test_what_is_missing_adds_the_same_for_every_account_that_lacks_everything(model):
    nothing = np.full((3, 10), np.nan)
    prediction, explainer, reasons = explained(model, nothing)
    codes, sums = explainer.families(prediction)
    assert np.all(sums[:, :-1] == 0.0)
    assert codes[-1] == "DAT"
    assert np.all(sums[:, -1] == sums[0, -1])
    [[said], *others] = reasons
    assert others == [(said,)] * 2
    assert (said.code, said.features) == (MISSING_CODE, ())
    assert said.points == pytest.approx(sums[0, -1] * POINTS, abs=0.01)


def test_a_feature_below_its_floor_moves_the_score_but_is_not_told(model):
    values = np.zeros((50, 10))
    values[:, 9] = np.linspace(-4, 4, 50)
    few, many = (explained(model, values, exchanges=e) for e in (199.0, 200.0))
    assert np.array_equal(few[0].margins, many[0].margins)
    families = [{one.family for row in each[2] for one in row} for each in (few, many)]
    assert "RHY" not in families[0]
    moved = np.abs(few[0].contributions[:, 9]).max() * POINTS >= LEAST_POINTS
    assert ("RHY" in families[1]) == moved


def test_a_ring_is_a_reason_of_its_own(model, values):
    for reasons in explained(model, values, ring=RING)[2]:
        [group] = [one for one in reasons if one.code == GROUP_CODE] or [None]
        if group:
            assert group.points == pytest.approx(1.5 * POINTS, abs=0.01)
            assert "ring_1" in group.text


def test_sentences_carry_the_value_and_where_it_stands(model):
    values = np.zeros((1, 10))
    values[0, 0] = 9.0
    [reasons] = explained(model, values)[2]
    first = next(one for one in reasons if one.family == "IDN")
    assert "Number 0 is 9 (higher than 99 % of accounts)." in first.text


def test_the_usual_is_told_as_no_reason_for_alarm(model, monkeypatch):
    first = CATALOGUE[0]
    times = {**BY_NAME, first.name: dataclasses.replace(first, unit="times")}
    values = np.zeros((1, 10))
    values[0, 0] = 9.0
    prediction = model.predict(values)
    explainer = Explainer(model.manifest, times)
    [told] = explainer.reasons(values, prediction, {}, [None], [0.0])
    assert any(first.name in one.features for one in told)
    monkeypatch.setattr("ml.explain.LEAST_TIMES", 9.1)
    [told] = explainer.reasons(values, prediction, {}, [None], [0.0])
    assert not any(first.name in one.features for one in told)


def test_a_customer_hears_what_may_be_said_of_the_family(model):
    values = np.zeros((1, 10))
    values[0, 0] = values[0, 1] = 6.0
    [reasons] = explained(model, values)[2]
    first = next(one for one in reasons if one.family == "IDN")
    assert first.customer_safe_key == "identity_details"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-1.0, "lower than 99 % of accounts"),
        (0.0, "lower than 80 % of accounts"),
        (1000.0, "higher than 99 % of accounts"),
        (90.0, "higher than 90 % of accounts"),
    ],
)
def test_standing_counts_accounts_strictly_below_or_above(value, expected):
    grid = [0.0] * 21 + [float(at) for at in range(21, 101)]
    assert standing(grid, value) == expected


def test_standing_says_nothing_of_a_value_that_most_have():
    assert standing([0.0] * 90 + [1.0] * 11, 0.0) == ""


@pytest.mark.parametrize(
    ("ring", "joined", "told"),
    [
        (RING, 2.0, [(GROUP_CODE, 2.0)]),
        (COMPANY, 4.0, [(GROUP_CODE, 1.5), (COMPANY_CODE, 2.5)]),
        (COMPANY, 2.5, [(COMPANY_CODE, 2.5)]),  # a ring that adds nothing
        (ALONE, 2.5, [(COMPANY_CODE, 2.5)]),
        (ALONE, 1.5, [(COMPANY_CODE, 1.5)]),  # cut off by a bound
        (OLD, 0.6, [(GROUP_CODE, 0.6)]),
    ],
)
def test_ring_and_company_are_told_apart_with_points_of_their_own(ring, joined, told):
    found = group_reasons(ring, joined)
    assert [(one.code, one.points) for one in found] == [
        (code, round(part * POINTS, 2)) for code, part in told
    ]
    for one in found:
        assert ("ring_1" in one.text) == (one.code == GROUP_CODE and ring is not OLD)


def test_codes_of_groups_and_gaps_belong_to_no_feature():
    ours = {GROUP_CODE, COMPANY_CODE, MISSING_CODE}
    assert not ours & {one.code for one in CATALOGUE}
    codes = reason_codes(BY_NAME)
    assert {family for family, _ in codes.values()} <= set(FAMILIES)
    assert len(codes) == 13
