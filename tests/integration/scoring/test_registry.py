import json

import msgspec
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError

from apps.access.models import User
from apps.access.services import create_user
from apps.audit.services import Actor, sequence_now
from apps.audit.subjects import compare
from apps.core import canonical
from apps.core.errors import AppendOnlyError
from apps.scoring import selectors, services
from apps.scoring.errors import (
    GatesRefuseError,
    OwnApprovalError,
    PromotionError,
    UnknownModelError,
)
from apps.scoring.models import ModelVersion, PromotionApproval
from ml.manifest import signing_key
from ml.model import RiskModel
from tests.integration.scoring.conftest import ACTOR, AT, Made, register

ANNA, BEN = Actor("user", "1"), Actor("user", "2")


def settle():
    """Check now what the database checks at COMMIT."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def logged():
    """Return kinds and contents of this test's entries about models, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, object_id, object_version FROM audit.entry"
            " WHERE object_type IN ('model_version', 'promotion_approval')"
        )
        return cursor.fetchall()


def test_every_step_of_a_model_is_in_the_log(db, trained):
    register(trained["entry"], "mdl_1")
    register(trained["second"], "mdl_2")
    services.promote(model_id="mdl_1", by=ACTOR, at=AT)
    services.promote(model_id="mdl_2", by=ACTOR, at=AT.replace(day=2))
    services.rollback(kind="entry", by=ACTOR, at=AT.replace(day=3))
    settle()
    assert sorted(logged()) == sorted(
        [
            ("scoring.model.trained", "mdl_1", 1),
            ("scoring.model.trained", "mdl_2", 1),
            ("scoring.model.promoted", "mdl_1", 2),
            ("scoring.model.retired", "mdl_1", 3),
            ("scoring.model.promoted", "mdl_2", 2),
            ("scoring.model.rolled_back", "mdl_2", 3),
            ("scoring.model.promoted", "mdl_1", 4),
        ]
    )
    assert selectors.champions() == {"entry": "mdl_1"}


def test_a_change_without_an_entry_does_not_commit(db, trained):
    register(trained["entry"], "mdl_1")
    settle()

    @transaction.atomic
    def change_in_silence():
        ModelVersion.objects.filter(pk="mdl_1").update(row_version=2, seed=9)
        settle()

    with pytest.raises(IntegrityError, match="not recorded"):
        change_in_silence()


def test_rows_say_what_the_log_says(db, trained):
    row = register(trained["entry"], "mdl_1")
    services.approve(model_id="mdl_1", by=ANNA, at=AT)
    [(object_id, version, content)] = selectors.audited_models()
    assert (object_id, version) == ("mdl_1", 1)
    assert content["manifest_sha256"] == canonical.digest(row.manifest)
    [(_, _, consent)] = selectors.audited_approvals()
    assert consent["approved_by"] == "1"


def test_two_people_put_a_model_in_use(db, trained):
    register(trained["entry"], "mdl_1")
    row = services.approve(model_id="mdl_1", by=ANNA, at=AT)
    assert row.state == "candidate"
    row = services.approve(model_id="mdl_1", by=BEN, at=AT)
    settle()
    assert row.state == "champion"
    with pytest.raises(PromotionError, match="in use already"):
        services.approve(model_id="mdl_1", by=Actor("user", "3"), at=AT)


def test_one_person_cannot_agree_twice(db, trained):
    register(trained["entry"], "mdl_1")
    services.approve(model_id="mdl_1", by=ANNA, at=AT)
    with pytest.raises(OwnApprovalError):
        services.approve(model_id="mdl_1", by=ANNA, at=AT)
    assert PromotionApproval.objects.count() == 1


def test_a_retired_model_needs_new_consent(db, trained):
    register(trained["entry"], "mdl_1")
    register(trained["second"], "mdl_2")
    for who in (ANNA, BEN):
        services.approve(model_id="mdl_1", by=who, at=AT)
    services.promote(model_id="mdl_2", by=ACTOR, at=AT)
    row = services.approve(model_id="mdl_1", by=ANNA, at=AT)
    assert row.state == "retired"


def test_consent_cannot_be_taken_back_or_changed(db, trained):
    register(trained["entry"], "mdl_1")
    services.approve(model_id="mdl_1", by=ANNA, at=AT)
    with pytest.raises(AppendOnlyError):
        PromotionApproval.objects.all().delete()
    with pytest.raises(AppendOnlyError):
        PromotionApproval.objects.update(approved_by="9")


def test_there_is_no_way_back_from_the_first_model(db, trained):
    register(trained["entry"], "mdl_1")
    services.promote(model_id="mdl_1", by=ACTOR, at=AT)
    with pytest.raises(PromotionError, match="no earlier entry model"):
        services.rollback(kind="entry", by=ACTOR, at=AT)


def test_a_damaged_model_cannot_be_promoted(db, trained, settings):
    register(trained["entry"], "mdl_1")
    (settings.KYCRISK_MODELS / "mdl_1" / "manifest.sig").write_text("00" * 64)
    from apps.scoring.errors import UnusableModelError

    with pytest.raises(UnusableModelError):
        services.promote(model_id="mdl_1", by=ACTOR, at=AT)


def test_promoting_the_champion_again_changes_nothing(db, trained):
    register(trained["entry"], "mdl_1")
    services.promote(model_id="mdl_1", by=ACTOR, at=AT)
    row = services.promote(model_id="mdl_1", by=ACTOR, at=AT)
    assert row.row_version == 2


def test_an_unknown_model_is_named(db):
    with pytest.raises(UnknownModelError, match="mdl_nobody"):
        services.promote(model_id="mdl_nobody", by=ACTOR, at=AT)


@pytest.fixture
def pages(client, db):
    """Return a client signed in as a role, each time another person."""

    def signed_in(role):
        email = f"{role}{User.objects.count()}@example.org"
        create_user(
            email=email, password="correct horse staple", role=role, at=AT, actor=ACTOR
        )
        user = User.objects.get(email=email)
        client.force_login(user)
        return client

    return signed_in


def test_pages_show_models_and_two_owners_put_one_in_use(pages, trained):
    register(trained["entry"], "mdl_1")
    assert "mdl_1" in pages("analyst").get("/models").content.decode()
    page = pages("model_owner").get("/models/mdl_1").content.decode()
    assert trained["entry"].model.manifest.text_sha256 in page
    assert "Account age" in page
    for role in ("model_owner", "lead"):
        answer = pages(role).post("/models/mdl_1/approve")
        assert answer.status_code == 302
    assert selectors.champions() == {"entry": "mdl_1"}


@pytest.mark.parametrize("role", ["analyst", "auditor", "admin"])
def test_others_may_look_but_not_agree(pages, trained, role):
    register(trained["entry"], "mdl_1")
    visitor = pages(role)
    assert visitor.get("/models/mdl_1").status_code == 200
    assert visitor.post("/models/mdl_1/approve").status_code == 403
    assert selectors.approvers(selectors.model_by_id("mdl_1")) == []


def test_nobody_sees_models_without_signing_in(client, db):
    assert client.get("/models").status_code == 302
    assert client.post("/models/mdl_1/approve").status_code == 302


def test_an_unknown_model_has_no_page(pages):
    assert pages("analyst").get("/models/mdl_x").status_code == 404


def test_the_list_is_a_page_when_empty(pages):
    assert "No model yet" in pages("analyst").get("/models").content.decode()


def changed(made, folder, **metrics):
    """Return a model whose manifest claims other numbers, signed by this site."""
    manifest = made.model.manifest
    model = RiskModel(
        msgspec.structs.replace(
            manifest,
            metrics=manifest.metrics | metrics,
            rows=manifest.rows | {"late_positives": 80},
        ),
        made.model.text,
    )
    model.save(folder, signing_key(settings.KYCRISK_LOG_SIGNING_KEY))
    return Made(model, folder)


@pytest.fixture
def worse(db, trained, tmp_path):
    """A champion that finds 90 % of the abuse, and a candidate that finds 10 %."""
    for name, found, said in (("good", 0.9, "entry"), ("worse", 0.1, "second")):
        share = {"value": found, "low": found - 0.05, "high": found + 0.05}
        numbers = {"recall_at_1pct_fpr": share, "calibration_error": 0.01}
        made = changed(trained[said], tmp_path / name, **numbers)
        register(made, f"mdl_{name}")
    services.promote(model_id="mdl_good", by=ACTOR, at=AT)
    return "mdl_worse"


def test_a_worse_model_takes_a_second_person_with_a_reason(worse):
    services.approve(model_id=worse, by=ANNA, at=AT)
    with pytest.raises(GatesRefuseError, match=r"recall: 10\.0%"):
        services.approve(model_id=worse, by=BEN, at=AT)
    assert selectors.champions() == {"entry": "mdl_good"}
    assert selectors.approvers(selectors.model_by_id(worse)) == ["1"]
    why = "The old one was measured on ended campaigns."
    services.approve(model_id=worse, by=BEN, at=AT, reason=why)
    settle()
    assert selectors.champions() == {"entry": "mdl_worse"}
    first, second = PromotionApproval.objects.order_by("approved_by")
    assert (first.reason, second.reason) == ("", why)
    assert [one["name"] for one in second.gates if one["passed"] is False] == ["recall"]
    sequence_now(at=AT)
    assert not compare("promotion_approval", selectors.audited_approvals())[1]
    assert why not in str(logged())


def test_the_page_shows_what_refuses_and_takes_the_reason(pages, worse):
    client = pages("model_owner")
    page = client.get(f"/models/{worse}").content.decode()
    assert "reaches 85.0%" in page
    assert 'name="reason"' in page
    client.post(f"/models/{worse}/approve")
    lead = pages("lead")
    answer = lead.post(f"/models/{worse}/approve", follow=True).content.decode()
    assert "say why" in answer
    lead.post(f"/models/{worse}/approve", {"reason": "Rings that ended."})
    assert selectors.champions() == {"entry": worse}
    assert "Rings that ended." in lead.get(f"/models/{worse}").content.decode()


def test_the_command_tells_what_the_gates_say(worse, capsys):
    call_command("promote", worse, "--no-approval", "--json")
    told = capsys.readouterr()
    assert "recall REFUSES: 10.0%" in told.out + told.err
    assert json.loads(told.out.splitlines()[-1])["gates"]["recall"] is False


def test_the_page_of_a_damaged_model_says_so(pages, trained, settings):
    register(trained["entry"], "mdl_1")
    (settings.KYCRISK_MODELS / "mdl_1" / "manifest.sig").write_text("00" * 64)
    page = pages("model_owner").get("/models/mdl_1").content.decode()
    assert "not signed by this installation" in page
