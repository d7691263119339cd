from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.scoring.services.examples import (
    Facts,
    cohort_at,
    latest_labels,
    moments_of,
    rows_of,
)
from ml.dataset import QUIET_WEIGHT
from ml.frames import FeatureFrame

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def outcome(number, **changes):
    return {
        "account_id": "a",
        "outcome_id": f"o{number}",
        "label": "confirmed_abuse",
        "source": "investigation",
        "known_at": DAY + timedelta(days=number),
        "ring": None,
        "supersedes": None,
    } | changes


def value(*outcomes):
    label = latest_labels(outcomes).get("a")
    return None if label is None else label.value


def test_the_last_label_counts_in_any_order_of_rows():
    first, second = outcome(1), outcome(2, label="confirmed_legitimate")
    assert value(first, second) == value(second, first) == 0.0


def test_a_superseded_label_never_counts_even_where_it_is_newer():
    newer = outcome(5)
    correction = outcome(3, label="appeal_upheld", supersedes="o5")
    assert value(newer, correction) == 0.0


@pytest.mark.parametrize("changes", [{"source": "own_decision"}, {"source": "gossip"},
                                     {"label": "inconclusive"}])  # fmt: skip
def test_own_decisions_and_open_questions_are_no_labels(changes):
    assert value(outcome(1, **changes)) is None
    assert value(outcome(1), outcome(2, **changes)) == 1.0


def test_a_chargeback_and_its_ring_are_kept():
    labels = latest_labels(
        [outcome(1, label="chargeback", source="chargeback", ring="r")]
    )
    assert (labels["a"].value, labels["a"].source, labels["a"].ring) == (
        1.0, "chargeback", "r",
    )  # fmt: skip


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60))
def test_every_account_is_in_exactly_onecohort_at(days):
    created = {f"a{at}": DAY + timedelta(days=day) for at, day in enumerate(days)}
    cutoff = DAY + timedelta(days=300)
    facts = Facts(cutoff, created, frozenset(), {})
    moments = list(moments_of(facts))
    cohorts = [
        cohort_at(facts, moment, everybody=at == 0)
        for at, (moment, _) in enumerate(moments)
    ]
    seen = [account for cohort in cohorts for account in cohort]
    assert len(seen) == len(set(seen))
    assert set(seen) == {a for a, when in created.items() if when <= cutoff}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=20))
def test_no_snapshot_lies_after_the_cutoff_or_before_everybody(days):
    created = {f"a{at}": DAY + timedelta(days=day) for at, day in enumerate(days)}
    cutoff = DAY + timedelta(days=300)
    for moment, _ in moments_of(Facts(cutoff, created, frozenset(), {})):
        assert min(created.values()) <= moment <= cutoff


def test_a_quiet_account_teaches_a_little_and_an_absent_one_nothing():
    ids = ("at-work", "quiet", "never-used")
    labels = latest_labels([outcome(1, account_id=name) for name in ids])
    known = Facts(DAY, dict.fromkeys(ids, DAY), frozenset(), labels)
    used = np.array([True, True, False])
    frame = FeatureFrame(ids, ("one",), np.ones((3, 1)), used, "c")
    rows = rows_of(known, frame, used, frame.among(frozenset(ids[:1])))
    assert rows.frame.account_ids == ids[:2]
    assert rows.weights.tolist() == [1.0, QUIET_WEIGHT]
