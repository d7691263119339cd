"""Explanations of stored assessments: command, API and pages."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.access.models import User
from apps.audit import services as audit
from apps.audit.models import Entry
from apps.reports.presenters import explanation_document, explanation_pdf
from tests.integration.reports.conftest import ACTOR, AT, assessed, champion

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(entry_model):
    champion(entry_model)
    return assessed("acct_1", email="a@mail.example", payment_type="card")


@pytest.fixture
def signed_in(client):
    def sign_in(role):
        user = User(email=f"{role}@example.org", role=role, created_at=AT)
        user.set_password("a long enough password")
        user.save()
        audit.record(
            kind="access.user.created", object_type="user", object_id=str(user.pk),
            version=1, content={}, actor=ACTOR, at=AT,
        )  # fmt: skip
        client.force_login(user)
        return client

    return sign_in


def test_the_document_of_a_stored_assessment_adds_up(stored):
    document = explanation_document(stored.assessment.id)
    assert document["model"]["sum_check"]["holds"]
    assert document["model"]["sum_check"]["margin_gap"] <= 1e-9
    assert document["control"]["account_id"] == "acct_1"
    assert document["model"]["probability"] == stored.score.probability
    assert document["integrity"]["proof"] is None
    entry = Entry.objects.get(pk=document["integrity"]["entry_id"])
    assert entry.object_id == stored.assessment.id


def test_the_api_answers_with_the_same_document(stored, client):
    from apps.access.services import create_service_key

    for scope, status in (("read", 200), ("events", 403)):
        _, secret = create_service_key(name=scope, scopes=[scope], at=AT, actor=ACTOR)
        reply = client.get(
            f"/v1/assessments/{stored.assessment.id}/explanation",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert reply.status_code == status
        if status == 200:
            assert reply.json() == explanation_document(stored.assessment.id)


def test_the_proof_stays_the_same_while_the_log_grows(stored):
    audit.sequence_now(at=AT)
    before = explanation_pdf(stored.assessment.id)
    proof = explanation_document(stored.assessment.id)["integrity"]["proof"]
    assert proof["size"] > proof["index"]
    assessed("acct_2")
    audit.sequence_now(at=AT)
    assert explanation_pdf(stored.assessment.id) == before


def test_the_command_writes_json_and_pdf(stored, tmp_path):
    out = StringIO()
    for kind in ("json", "pdf"):
        call_command(
            "explain", "acct_1", as_of=AT, format=kind, json=True,
            output=str(tmp_path / f"report.{kind}"), stdout=out,
        )  # fmt: skip
    written = json.loads((tmp_path / "report.json").read_text())
    assert written == explanation_document(stored.assessment.id)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert json.loads(out.getvalue().splitlines()[-1])["format"] == "pdf"


@pytest.mark.parametrize("account", ["acct_1", "nobody"])
def test_an_account_without_assessment_ends_with_a_sentence(account, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("explain", account, as_of=AT)
    assert ended.value.code == 2
    assert "no assessment" in capsys.readouterr().err


@pytest.mark.parametrize("role", ["auditor", "lead"])
def test_auditor_and_lead_read_and_export(stored, signed_in, role):
    client = signed_in(role)
    url = f"/assessments/{stored.assessment.id}/explanation"
    page = client.get(url)
    assert page.status_code == 200
    assert "acct_1" in page.text
    assert "add up" in page.text
    file = client.get(f"{url}.pdf")
    assert file["Content-Type"] == "application/pdf"
    assert Entry.objects.filter(kind="reports.explanation.exported").count() == 1


@pytest.mark.parametrize("role", ["admin", "model_owner"])
def test_roles_without_casework_are_kept_out(stored, signed_in, role):
    client = signed_in(role)
    for path in (f"/assessments/{stored.assessment.id}/explanation", "/audit"):
        assert client.get(path).status_code == 403


def test_an_analyst_reads_but_neither_exports_nor_sees_the_log(stored, signed_in):
    client = signed_in("analyst")
    url = f"/assessments/{stored.assessment.id}/explanation"
    opens = 409 if stored.assessment.case_id else 200
    assert client.get(url).status_code == opens
    assert client.get(f"{url}.pdf").status_code == 403
    assert client.get("/audit").status_code == 403


def test_strangers_are_sent_to_sign_in(stored, client):
    for path in (f"/assessments/{stored.assessment.id}/explanation", "/audit"):
        assert client.get(path)["Location"].startswith("/login")


def test_an_unknown_assessment_is_not_found(signed_in):
    client = signed_in("auditor")
    assert client.get("/assessments/asm_nothing/explanation").status_code == 404


def test_the_audit_page_filters_and_tells_an_objects_history(stored, signed_in):
    audit.sequence_now(at=AT)
    client = signed_in("auditor")
    page = client.get("/audit").text
    assert "assessments.assessment.created" in page
    asked = {"object_type": "assessment", "object_id": stored.assessment.id}
    page = client.get("/audit", asked).text
    assert "What was recorded about this object" in page
    assert "snapshot_sha256" in page
    assert "scoring.model.trained" not in page
    assert "No entry fits" in client.get("/audit", {"kind": "nothing"}).text
    assert client.get("/audit", {"before": "never", "kind": "\0"}).status_code == 200
