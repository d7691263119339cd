"""POST /v1/assessments: everything is stored before the answer leaves, once."""

import gzip
import math
from datetime import UTC, datetime

import pytest

from tests.integration.assessments.conftest import signup


def rows():
    """Return how many rows of each kind one assessment makes."""
    from apps.assessments.models import Assessment
    from apps.audit.models import Entry
    from apps.customers.models import AccountVersion
    from apps.decisions.models import Decision
    from apps.scoring.models import Score

    kinds = ("assessments.assessment.created", "customers.account.recorded")
    entries = [Entry.objects.filter(kind=kind).count() for kind in kinds]
    stored = (Assessment, Score, Decision, AccountVersion)
    return [*(model.objects.count() for model in stored), *entries]


def test_what_is_answered_is_stored_with_its_proof(door):
    from apps.assessments.models import Assessment
    from apps.scoring.models import Score

    answer = door(signup())
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert rows() == [1] * 6
    row = Assessment.objects.select_related("score", "decision").get(id=body["id"])
    assert row.score.probability == body["probability"]
    assert row.decision.action == body["action"]
    assert body["reasons"]
    assert body["interval"]["low"] <= body["probability"] <= body["interval"]["high"]
    score = Score.objects.get()
    assert abs(math.fsum(score.contributions) - score.margin) <= 1e-9
    told = door.get(body["explanation_url"])
    assert told.status_code == 200
    assert door.get(f"/v1/assessments/{body['id']}").json()["id"] == body["id"]


def test_the_same_key_again_is_the_same_answer(door):
    body = signup()
    first, again = door(body, key="k" * 20), door(body, key="k" * 20)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert rows() == [1] * 6
    other = door(signup("acct-2"), key="k" * 20)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_second_signup_of_an_account_is_a_second_assessment(door):
    facts = signup()
    assert door(facts).status_code == door(facts).status_code == 201
    assert rows()[:3] == [2, 2, 2]
    assert rows()[3] == 1  # the account says nothing new


def test_a_dry_run_leaves_nothing(door):
    answer = door(signup(options={"dry_run": True}), key=None)
    assert answer.status_code == 200
    assert answer.json()["probability"] > 0
    assert rows() == [0] * 6


def test_a_door_without_models_takes_the_starter_in(bare_door):
    """A site's first sign-up may come before anything else has loaded a model."""
    from apps.scoring import services as scoring
    from apps.scoring.models import ModelVersion

    scoring.forget_models()
    answer = bare_door(signup())
    assert answer.status_code == 201
    assert answer.json()["model"]["adaptation"] == "starter"
    found = ModelVersion.objects.filter(state="champion").values_list("kind", flat=True)
    assert sorted(found) == ["activity", "entry"]


def let_everybody_be_reviewed(now):
    from apps.decisions import services as decisions

    decisions.publish_policy(
        thresholds={"review": 0.0},
        bands=(0.02, 0.1, 0.3, 0.7),
        rules=(),
        by="starter",
        at=now,
    )


def test_a_case_of_somebody_who_works_already_is_weighed_by_what_is_used(door):
    """The exchanges are read by COPY, which a pipeline of statements cannot carry."""
    from apps.customers.models import Account
    from apps.features.models import SignalSnapshot
    from apps.review.models import Case
    from ml.features import catalogue_hash

    assert door(signup()).json()["case_id"] is None
    now = datetime.now(UTC)
    SignalSnapshot.objects.create(
        account=Account.objects.get(),
        group="usage",
        as_of=now,
        catalogue=catalogue_hash(),
        values={"has_usage": 1},
    )
    let_everybody_be_reviewed(now)
    body = signup(event="login")
    assert door(body | {"options": {"dry_run": True}}).status_code == 200
    assert not Case.objects.exists()
    answer = door(body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["case_id"] == Case.objects.get().id
    assert rows() == [2] * 6


def test_new_evidence_wakes_a_case_that_waits_for_it(door):
    """The writes of a request travel together; none of them may get lost."""
    from django.db import transaction

    from apps.review.choices import State
    from apps.review.models import Case, CaseUpdate
    from apps.review.services.log import SYSTEM
    from apps.review.services.moves import locked_case, move

    now = datetime.now(UTC)
    let_everybody_be_reviewed(now)
    opened = door(signup()).json()["case_id"]
    for state, wait in ((State.CLAIMED, ""), (State.WAITING, "evidence")):
        with transaction.atomic():
            case = locked_case(opened)
            move(case, state, kind="moved", actor=SYSTEM, at=now, waiting_for=wait)
    assert door(signup()).json()["case_id"] == opened
    assert Case.objects.get(pk=opened).state == State.OPEN
    assert CaseUpdate.objects.filter(case_id=opened).count() == 1


BOMB = gzip.compress(b" " * 50_000_000)
DEEP = b'{"event":' + b"[" * 200 + b"]" * 200 + b"}"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"", 422, "validation_failed"),
        (b"{", 400, None),
        (b"null", 422, None),
        (b"[]", 422, None),
        (b'{"event": "\xff"}', 400, "not_utf8"),
        (b'\xef\xbb\xbf{"event": 1}', 400, "bom_not_allowed"),
        (b'{"event": NaN}', 400, None),
        (b'{"event": 1e999}', 422, "number_out_of_range"),
        (b'{"event": "a", "event": "b"}', 400, "duplicate_key"),
        (b'{"event": "\\u0000"}', 422, "nul_not_allowed"),
        (b'{"event": "\\ud800"}', 422, "bad_unicode"),
        (DEEP, 400, "too_deep"),
        (b'"' + b"x" * 300_000 + b'"', 413, "body_too_large"),
        (signup(account={"id": "x" * 129}), 422, "validation_failed"),
        (signup(account={"id": 7}), 422, "validation_failed"),
        (signup(account={"id": "a", "kind": "robot"}), 422, "validation_failed"),
        (signup(occurred_at="2999-01-01T00:00:00Z"), 422, "validation_failed"),
        (signup(occurred_at=10**30), 422, "number_out_of_range"),
        (signup(signup={"form_ms": 10**40}), 422, "number_out_of_range"),
        (signup(signup={"ip": "300.1.1.1"}), 422, "validation_failed"),
        (signup(payment={"bin": ["411111"]}), 422, "validation_failed"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(door, sent, status, code):
    answer = door(sent)
    assert answer.status_code == status, answer.content
    problem = answer.json()
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert code is None or problem["code"] == code
    assert problem["request_id"]
    assert rows() == [0] * 6


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 400, "idempotency_key_required"),
        ("short", 400, "bad_idempotency_key"),
        ("a b" * 8, 400, "bad_idempotency_key"),
    ],
)
def test_a_bad_idempotency_key_is_named(door, key, status, code):
    answer = door(signup(), key=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert rows() == [0] * 6


def test_a_bomb_is_noticed_before_it_is_unpacked(door):
    answer = door(BOMB, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
