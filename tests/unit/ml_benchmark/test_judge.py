"""The scorer: what it measures, and the results that it refuses."""

from datetime import UTC, datetime, timedelta

import pytest

from ml.benchmark import (
    Account,
    Export,
    RefusedError,
    as_text,
    future_reading,
    judge,
    match_rings,
)

DAY = datetime(2026, 9, 1, tzinfo=UTC)


def account(number, *, ring=None, honest=True):
    return Account(
        account_id=f"acc_{number}",
        archetype="individual" if number % 2 else "campus",
        level="L1" if ring else None,
        ring=ring,
        honest=honest and ring is None,
        group=number % 3,
    )


def export(days, scores):
    return Export(DAY + timedelta(days=days), scores)


@pytest.fixture
def truth():
    honest = [account(number) for number in range(1_000)]
    return [*honest, *(account(1_000 + at, ring="r") for at in range(20))]


@pytest.fixture
def scores(truth):
    return {
        one.account_id: 0.9 if one.ring else at / 2_000 for at, one in enumerate(truth)
    }


def test_recall_is_counted_at_the_threshold_of_validation(truth, scores):
    figures = judge(truth, [export(0, scores)], [export(5, scores)])

    table = figures["rates"][0]
    assert table["rate"] == 0.01
    assert table["recall"]["L1"]["value"] == 1
    assert table["realised"]["value"] == pytest.approx(0.01)
    assert 0 < table["group_ratio"] <= 1
    assert "recall L1" in as_text("world", figures)


def test_where_nobody_conspires_every_ring_found_is_one_too_many(truth, scores):
    honest = [one for one in truth if one.honest]
    figures = judge(honest, [export(0, scores)], [export(5, scores)])
    figures["rings"] = match_rings(honest, {"acc_1": "a", "acc_2": "a", "acc_3": "b"})
    text = as_text("world", figures)
    assert "rings: 2, of 3 accounts; none is real" in text
    assert "beside" not in text


def test_an_account_counts_once_for_all_its_days(truth, scores):
    calm = dict.fromkeys(scores, 0.0)
    figures = judge(truth, [export(0, scores)], [export(5, scores), export(9, calm)])

    assert figures["rates"][0]["recall"]["L1"]["value"] == 1


def test_a_threshold_from_test_days_is_refused(truth, scores):
    with pytest.raises(RefusedError, match="test period"):
        judge(truth, [export(5, scores)], [export(5, scores)])
    with pytest.raises(RefusedError):
        judge(truth, [], [export(5, scores)])


def test_scores_that_change_without_their_future_are_refused(scores):
    future_reading(export(0, scores), export(0, dict(scores)))
    with pytest.raises(RefusedError, match="1 of 1020"):
        future_reading(export(0, scores), export(0, {**scores, "acc_3": 0.5}))
    with pytest.raises(RefusedError, match="other accounts"):
        future_reading(export(0, scores), export(0, {"acc_3": 0.5}))


def test_a_ring_of_everybody_is_refused(truth):
    with pytest.raises(RefusedError, match="holds 1020"):
        match_rings(truth, {one.account_id: "all" for one in truth})


def test_half_a_ring_found_pure_is_caught(truth):
    found = {f"acc_{1_000 + at}": "a" for at in range(10)} | {"acc_1": "a"}
    figures = match_rings(truth, found)

    assert figures["caught_by_level"] == {"L1": "1 of 1"}
    # ten are found among eleven; ten stand alone, each right about itself
    assert figures["b_cubed_precision"] == pytest.approx((10 * 10 / 11 + 10) / 20)
    assert figures["b_cubed_recall"] == pytest.approx((10 * 0.5 + 10 / 20) / 20)
    impure = found | {f"acc_{at}": "a" for at in range(3, 10)}
    assert match_rings(truth, impure)["caught_by_level"] == {"L1": "0 of 1"}
