"""A model that is worse, farther off or slower than the one in use is refused."""

import msgspec
import pytest

from ml import gates
from ml.model import RiskModel


def share(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def manifest(model, adaptation="trained", *, positives=50, **metrics):
    return msgspec.structs.replace(
        model.manifest,
        metrics=metrics,
        adaptation=adaptation,
        rows={"late_positives": positives},
    )


def test_a_first_model_is_refused_by_nothing(model):
    judged = gates.gates(model, None)
    assert [gate.name for gate in judged] == [
        "files",
        "recall",
        "calibration",
        "latency",
    ]
    assert gates.refusals(judged) == []


def test_a_model_is_no_worse_than_itself(model):
    judged = gates.gates(model, model)
    assert gates.refusals(judged) == []
    assert judged[1].passed is True


@pytest.mark.parametrize(
    ("mine", "theirs", "passed"),
    [(0.5, 0.5, True), (0.5, 0.69, True), (0.5, 0.8, False), (0.9, 0.2, True)],
)
def test_recall_may_not_fall_below_what_the_model_in_use_surely_has(
    model, mine, theirs, passed
):
    own = manifest(model, recall_at_1pct_fpr=share(mine))
    other = manifest(model, recall_at_1pct_fpr=share(theirs))
    gate = gates.recall(own, other)
    assert gate.passed is passed
    assert bool(gates.refusals([gate])) is not passed


def test_numbers_of_simulated_worlds_are_not_compared_with_those_of_a_site(model):
    own = manifest(model, recall_at_1pct_fpr=share(0.2), calibration_error=0.3)
    starter = manifest(
        model, "starter", recall_at_1pct_fpr=share(0.9), calibration_error=0.01
    )
    assert gates.recall(own, starter).passed is None
    assert gates.calibration(own, starter).passed is None


def test_what_few_labels_cannot_tell_refuses_nothing(model):
    good = manifest(model, calibration_error=0.001, recall_at_1pct_fpr=share(0.9))
    small = manifest(model, positives=gates.FEW - 1, calibration_error=0.4)
    assert gates.calibration(small, good).passed is None
    assert gates.recall(small, good).passed is None


@pytest.mark.parametrize(
    ("mine", "theirs", "passed"),
    [(0.01, 0.001, True), (0.05, 0.001, True), (0.2, 0.19, True), (0.2, 0.1, False)],
)
def test_probabilities_may_be_off_a_little_or_as_far_as_those_in_use(
    model, mine, theirs, passed
):
    own = manifest(model, calibration_error=mine)
    other = manifest(model, calibration_error=theirs)
    assert gates.calibration(own, other).passed is passed


def test_a_model_that_is_slow_is_refused_beside_a_fast_one(model, monkeypatch):
    small = msgspec.structs.replace(
        model.manifest.golden,
        rows=model.manifest.golden.rows[:5],
    )
    quick = RiskModel(msgspec.structs.replace(model.manifest, golden=small), model.text)
    monkeypatch.setattr(gates, "MOST_MILLISECONDS", 0.0)
    [refusal] = gates.refusals([gates.latency(model, None)])
    assert refusal.startswith("latency")
    assert gates.latency(quick, None).passed is False
