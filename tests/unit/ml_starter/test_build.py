"""How the starter learns: from whole worlds, with views taken away."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ml.dataset import QUIET_WEIGHT
from ml.features import FEATURES, NAMES
from ml.frames import FeatureFrame
from ml.starter import BASE_RATE, build, lent, measure, views, worlds
from ml.starter.worlds import Moment, Person, World
from ml.train import TrainConfig

COUNT = 240
STRONG = "shared_device_count_90d"
WEAK = "is_payer_mismatch"


def world(seed: int) -> World:
    """Return a world in which two features tell a fifth of the accounts apart."""
    rng = np.random.default_rng(seed)
    guilty = rng.random(COUNT) < 0.2
    values = np.abs(rng.normal(size=(COUNT, len(NAMES))))
    values[:, NAMES.index(STRONG)] = rng.poisson(np.where(guilty, 4.0, 0.3))
    values[:, NAMES.index(WEAK)] = rng.random(COUNT) < np.where(guilty, 0.6, 0.1)
    ids = tuple(f"a{at:04}" for at in range(COUNT))
    frame = FeatureFrame(ids, NAMES, values, np.arange(COUNT) % 2 == 0, "c" * 16)
    everybody = np.ones(COUNT, dtype=bool)
    moments = [Moment(back, frame, everybody) for back in (4, 0)]
    truth = tuple(
        Person(name, "x", "L1", f"r{at % 9}", honest=False)
        if bad
        else Person(name, "x", None, None, honest=True)
        for at, (name, bad) in enumerate(zip(ids, guilty.tolist(), strict=True))
    )
    return World(seed, {"entry": moments[-1:], "activity": moments}, truth)


def config(kind: str) -> TrainConfig:
    return TrainConfig(
        kind=kind,
        # few enough for 240 accounts; most of them mean nothing in these worlds
        features=[one for one in FEATURES if one.group in {"entry", "payment"}],
        mutable=frozenset(),
        cutoff=datetime(2026, 11, 1, tzinfo=UTC),
        seed=3,
        threads=1,
    )


@pytest.fixture(scope="module")
def known() -> list[World]:
    return [world(seed) for seed in range(5)]


@pytest.fixture(scope="module")
def models(known):
    return {
        kind: build.learn(build.Lesson(config(kind), known[:4], known[4:]))
        for kind in ("entry", "activity")
    }


def test_a_world_comes_back_from_its_file(tmp_path, known):
    path = tmp_path / "world.npz"
    worlds.save(path, known[0])
    again = worlds.load(path)
    assert again.truth == known[0].truth
    assert [each.back for each in again.moments["activity"]] == [4, 0]
    for kind, moments in known[0].moments.items():
        for one, other in zip(moments, again.moments[kind], strict=True):
            assert one.frame.account_ids == other.frame.account_ids
            assert np.array_equal(one.frame.values, other.frame.values, equal_nan=True)
            assert np.array_equal(one.chosen, other.chosen)


def test_the_same_worlds_give_the_same_bytes(known, models):
    again = build.learn(build.Lesson(config("entry"), known[:4], known[4:]))
    assert again.text == models["entry"].text
    assert again.manifest == models["entry"].manifest


def test_an_account_weighs_the_same_however_often_it_is_seen(known):
    rows = build.pooled(known[:2], config("activity"))
    assert len(rows) == 2 * COUNT * 2 * build.COPIES
    assert rows.shares.sum() == pytest.approx(2 * COUNT)
    assert rows.positives == sum(
        not each.honest for one in known[:2] for each in one.truth
    )


def test_who_is_in_use_but_quiet_teaches_a_little(known):
    [seen] = known[0].moments["entry"]
    lately = np.arange(COUNT) % 4 == 0  # of those in use, who stand at even places
    quiet = replace(known[0], moments={"activity": [replace(seen, chosen=lately)]})
    rows = build.pooled([quiet], config("activity"), copies=1)
    assert rows.frame.account_ids == tuple(
        f"{quiet.seed} {name}" for name in seen.frame.account_ids[::2]
    )
    weighs = {1.0, QUIET_WEIGHT}
    assert rows.weights[::2].tolist() == [max(weighs)] * (COUNT // 4)
    assert rows.weights[1::2].tolist() == [min(weighs)] * (COUNT // 4)


def test_the_first_copy_is_complete_and_the_others_lack_views(known):
    rows = build.pooled(known[:1], config("entry"))
    assert np.isfinite(rows.frame.values[:COUNT]).all()
    lacking = np.isnan(rows.frame.values[COUNT:]).all(axis=0)
    assert not lacking.all()
    assert np.isnan(rows.frame.values[COUNT:]).any()


def test_some_honest_people_lend_a_device_to_another_home(known):
    alone = replace(known[0], moments={"entry": [with_device(known[0], 0.0)]})
    rng = np.random.default_rng(4)
    seen = 0
    for _ in range(40):  # as many copies; the chance of one account is small
        lenders = lent.drawn(alone, rng)
        honest = {one.account_id for one in alone.truth if one.honest}
        assert lenders[STRONG] <= honest
        frame = lent.with_lenders(alone.moments["entry"][0].frame, lenders)
        changed = {
            name
            for name, value in zip(frame.account_ids, frame.column(STRONG), strict=True)
            if value == 1.0
        }
        assert changed == lenders[STRONG]
        seen += len(changed)
    expected = 40 * lent.RATE * len(honest)
    assert expected / 2 < seen < expected * 2


def test_lenders_are_learned_from_and_not_measured_by(known):
    nobody = replace(known[0], moments={"entry": [with_device(known[0], 0.0)]})
    column = NAMES.index(STRONG)
    learned = build.pooled([nobody], config("entry")).frame.values[:, column]
    assert set(np.unique(learned[~np.isnan(learned)])) == {0.0, 1.0}
    measured = build.pooled([nobody], config("entry"), lend=False).frame.values
    assert np.nansum(measured[:, column]) == 0.0


def test_nobody_lends_what_is_not_known(known):
    unknown = with_device(known[0], np.nan)
    everybody = {STRONG: frozenset(unknown.frame.account_ids)}
    assert np.isnan(lent.with_lenders(unknown.frame, everybody).column(STRONG)).all()


def with_device(of: World, value: float) -> Moment:
    """Return the last moment of a world with one device count for everybody."""
    moment = of.moments["entry"][-1]
    values = moment.frame.values.copy()
    values[:, NAMES.index(STRONG)] = value
    return replace(moment, frame=replace(moment.frame, values=values))


def test_probabilities_stand_at_the_stated_base_rate(known, models):
    frame = known[4].moments["activity"][-1].frame
    said = measure.probabilities(frame, models)
    guilty = np.array([not each.honest for each in known[4].truth])
    values = np.array([said[each.account_id] for each in known[4].truth])
    rate = BASE_RATE
    mean = rate * values[guilty].mean() + (1 - rate) * values[~guilty].mean()
    assert rate / 2 < mean < rate * 2  # calibrated on fifty abusive accounts a world


def test_it_still_finds_something_where_the_strongest_trace_is_missing(known, models):
    whole = measure.judge(known[4:], models)
    without = measure.judge(known[4:], models, ("device",))
    assert whole.roc_auc > without.roc_auc > 0.6  # chance is .5, and few are judged


def test_what_may_point_either_way_is_not_read(models):
    read = {name for model in models.values() for name in model.names}
    assert {one.name for one in FEATURES if one.direction == 0}.isdisjoint(read)


def test_what_grows_with_the_number_of_customers_is_not_read(models):
    read = {name for model in models.values() for name in model.names}
    assert read.isdisjoint(views.SIZED)
    assert set(views.SIZED) <= set(NAMES)


def test_every_view_names_features_of_the_catalogue():
    assert {name for names in views.VIEWS.values() for name in names} <= set(NAMES)


def test_views_are_drawn_as_often_as_said():
    rng = np.random.default_rng(0)
    share = np.mean([len(views.drawn(rng)) / len(views.VIEWS) for _ in range(400)])
    assert share == pytest.approx(views.MISSING_RATE, abs=0.03)


def test_the_starter_reads_nothing_that_only_a_sites_own_past_gives(models):
    past = {name for view in views.OWN_PAST for name in views.VIEWS[view]}
    assert past <= set(NAMES)
    assert not past & set(models["activity"].names)


def test_views_name_features_that_exist():
    assert {name for names in views.VIEWS.values() for name in names} <= set(NAMES)
