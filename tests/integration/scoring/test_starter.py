"""A fresh site has models in use from its first minute, until it knows enough."""

import math

import msgspec

from apps.access.models import User
from apps.access.services import create_user
from apps.core.progress import Silent
from apps.scoring import selectors, services
from apps.scoring.models import ModelVersion
from apps.scoring.services import promotion, registry
from apps.scoring.services.recalibration import recalibrated
from ml.features import catalogue_hash
from ml.model import RiskModel
from ml.starter.shipped import shipped
from tests.integration.scoring.conftest import ACTOR, AT, frame, register
from tests.integration.scoring.test_registry import logged, settle
from tests.unit.ml_starter.test_audits import audits

LATER = AT.replace(day=9)


def test_a_fresh_site_answers_and_says_whose_answer_it_is(db):
    services.ensure_starter(at=AT)
    fresh = selectors.champions()
    assert set(fresh) == {"entry", "activity"}
    settle()
    for model_id in fresh.values():
        assert ("scoring.model.trained", model_id, 1) in logged()
        assert ("scoring.model.promoted", model_id, 2) in logged()
        row = selectors.model_by_id(model_id)
        assert selectors.adaptation_of(row.manifest) == "starter"
    for one in services.score(frame=frame(60, 8), rings={}, as_of=AT):
        assert one.adaptation == "starter"
        assert math.isfinite(one.margin)
        assert one.reasons
    services.forget_models()  # as the next process
    services.ensure_starter(at=LATER)
    assert selectors.champions() == fresh
    assert ModelVersion.objects.count() == len(fresh)


def test_a_model_of_the_site_is_left_in_use(db, trained):
    register(trained["entry"], "mdl_own")
    services.promote(model_id="mdl_own", by=ACTOR, at=AT)
    services.ensure_starter(at=LATER, kinds=("entry",))
    assert selectors.champions() == {"entry": "mdl_own"}


def test_the_way_back_from_the_first_own_model_is_the_starter(db, trained):
    services.ensure_starter(at=AT, kinds=("entry",))
    fresh = selectors.champions()
    register(trained["entry"], "mdl_own")
    services.promote(model_id="mdl_own", by=ACTOR, at=LATER)
    services.rollback(kind="entry", by=ACTOR, at=LATER.replace(day=10))
    assert selectors.champions() == fresh


def test_a_starter_of_an_older_catalogue_gives_way(db):
    now = shipped("entry", catalogue=catalogue_hash())
    older = msgspec.structs.replace(now.manifest, catalogue="an older one")
    registry.register(RiskModel(older, now.text), "mdl_old", AT, AT, ACTOR)
    promotion._make_champion(selectors.model_by_id("mdl_old"), ACTOR, AT)
    assert selectors.champions() == {"entry": "mdl_old"}
    services.ensure_starter(at=LATER, kinds=("entry",))
    assert selectors.champions()["entry"] != "mdl_old"
    assert selectors.model_by_id("mdl_old").state == "retired"


def test_training_without_labels_keeps_it_and_says_why(db):
    done = services.train(
        as_of=AT,
        kinds=["entry", "ring"],
        seed=0,
        at=AT,
        actor=ACTOR,
        progress=Silent(),
    )
    assert not done.models
    assert set(done.skipped) == {"entry", "ring"}
    assert "0 accounts with a label; 200 are needed" in done.skipped["entry"]
    kept = selectors.champion_of("entry")
    assert selectors.adaptation_of(kept.manifest) == "starter"


def test_audits_give_one_candidate_that_says_so(db):
    rows = {"entry": audits(300, 5)}
    [row] = recalibrated(audits=rows, as_of=AT, at=AT, actor=ACTOR)
    [again] = recalibrated(audits=rows, as_of=AT, at=LATER, actor=ACTOR)
    assert row.pk == again.pk
    assert row.state == "candidate"
    assert selectors.adaptation_of(row.manifest) == "calibrated"
    services.promote(model_id=row.id, by=ACTOR, at=LATER)
    services.forget_models()
    scored = services.score(frame=frame(20, 8, active=0.0), rings={}, as_of=AT)
    assert {one.adaptation for one in scored} == {"calibrated"}


def test_the_page_shows_the_path_from_the_starter(db, client):
    services.ensure_starter(at=AT, kinds=("entry",))
    who = {"email": "owner@site.example", "password": "correct horse staple"}
    create_user(**who, role="model_owner", at=AT, actor=ACTOR)
    client.force_login(User.objects.get(email=who["email"]))
    page = client.get(f"/models/{selectors.champion_of('entry').id}").content.decode()
    assert "learned from simulated providers alone" in page
    assert "Accounts with an independent label" in page
    assert "not yet" in page
