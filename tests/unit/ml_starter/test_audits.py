"""A starter's probabilities follow the share of abuse among random audits."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from ml import calibrate
from ml.dataset import TrainingRows
from ml.evaluate import log_loss
from ml.features import NAMES, catalogue_hash
from ml.frames import FeatureFrame
from ml.model import RiskModel
from ml.starter import BASE_RATE
from ml.starter.audits import leaning, read_by_audits, reread
from ml.starter.shipped import shipped

AS_OF = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def starter() -> RiskModel:
    return shipped("activity", catalogue=catalogue_hash())


def audits(count: int, abusive: int) -> TrainingRows:
    rng = np.random.default_rng(count)
    values = np.full((count, len(NAMES)), np.nan)
    known = rng.random(values.shape) < 0.3
    values[known] = rng.random(int(known.sum()))
    ids = tuple(f"a{at}" for at in range(count))
    ones, no = np.ones(count), np.zeros(count, dtype=bool)
    labels = np.where(np.arange(count) < abusive, 1.0, 0.0)
    groups = np.array(ids, dtype=object)
    frame = FeatureFrame(ids, NAMES, values, ~no, catalogue_hash())
    return TrainingRows(frame, labels, ones, ones, groups, ones, ~no, no)


def mean(model: RiskModel, rows: TrainingRows) -> float:
    margins = model.margins(model.values(rows.frame)).tolist()
    return float(np.mean([model.manifest.calibration.probability(m) for m in margins]))


@pytest.mark.parametrize("abusive", [0, 1, 9, 60])
def test_the_mean_probability_is_the_share_found_and_assumed(starter, abusive):
    rows = audits(300, abusive)
    model = read_by_audits(starter, rows, AS_OF)
    assert mean(model, rows) == pytest.approx((abusive + 100 * BASE_RATE) / 400)
    assert model.manifest.adaptation == "calibrated"
    assert model.manifest.rows["audited_abusive_accounts"] == abusive
    assert model.text == starter.text


def test_more_abuse_among_audits_raises_every_probability(starter):
    few, many = (read_by_audits(starter, audits(300, each), AS_OF) for each in (1, 9))
    for margin in np.linspace(-6, 6, 25):
        low, high = (
            one.manifest.calibration.probability(margin) for one in (few, many)
        )
        assert low < high


def test_labels_that_were_looked_for_have_no_part(starter):
    rows = audits(300, 3)
    looked_for = replace(rows, audited=np.arange(300) < 200)
    only = read_by_audits(starter, looked_for, AS_OF)
    assert only.manifest.rows["audited_accounts"] == 200
    nobody = replace(rows, audited=np.zeros(300, dtype=bool))
    with pytest.raises(ValueError, match="audited"):
        read_by_audits(starter, nobody, AS_OF)


def test_audits_that_preferred_high_scores_count_by_whom_they_stand_for(starter):
    rows = audits(300, 30)
    rare = (
        np.arange(300) < 60
    )  # all abuse among those that were drawn ten times as often
    drawn = replace(rows, audited=np.where(rare, 1.0, 10.0))
    alike = read_by_audits(starter, rows, AS_OF)
    weighed = read_by_audits(starter, drawn, AS_OF)
    assert mean(weighed, rows) < mean(alike, rows)
    weights = drawn.audit_weights
    assert weights.sum() == pytest.approx(2460**2 / (60 + 240 * 100))
    assert (weights @ drawn.targets) / weights.sum() == pytest.approx(30 / 2460)


def test_enough_abuse_among_audits_bends_the_calibration_to_the_site(starter):
    """Here the starter is far too sure of itself."""
    rng = np.random.default_rng(4)
    margins = rng.normal(-2.0, 2.0, 3000)
    before = starter.manifest.calibration
    odds = np.array([before.log_odds(one) for one in margins]) / 3.0 - 1.0
    labels = (rng.random(3000) < calibrate._expit(odds)).astype(float)
    ones = np.ones(1500)
    seen = calibrate.HeldOut(margins[:1500], labels[:1500], ones, ones, ones)
    bent = reread(before, seen, 1000)
    few = reread(before, seen, 9)
    assert (few.a, few.b) == (before.a, before.b)
    moved = msgspec.structs.replace(before, c=before.c + leaning(before, seen))
    late = margins[1500:].tolist()
    bent_loss, moved_loss = (
        log_loss(labels[1500:], np.array([one.probability(each) for each in late]))
        for one in (bent, moved)
    )
    assert bent_loss < moved_loss - 0.01
    low, high = np.array([bent.interval(each) for each in late]).T
    said = np.array([bent.probability(each) for each in late])
    assert np.all((low <= said) & (said <= high))
    assert np.mean(high - low) < 0.3
