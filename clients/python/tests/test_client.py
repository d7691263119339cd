"""The client against a service that answers well, badly, late, or not at all."""

import json
import time
from datetime import UTC, datetime

import httpx
import pytest
from doubles import Service, accepted, assess, client
from kycrisk_client import Fallback, errors

ANSWER = {
    "id": "asm_1",
    "account_id": "acct-1",
    "action": "limit",
    "probability": 0.4,
    "interval": {"low": 0.3, "high": 0.5, "level": 0.9},
    "band": "medium",
    "reasons": [
        {"code": "NET-01", "direction": "raises", "points": 3.0, "text": "An exit."}
    ],
    "degraded": False,
    "missing": ["ip_class"],
    "new_field": 1,
}
PROBLEM = {"code": "validation_failed", "title": "No.", "detail": "Bad.", "errors": []}


def test_an_assessment_is_typed_and_keyed():
    service = Service(httpx.Response(201, json=ANSWER))
    with client(service) as risk:
        answer = assess(risk, signup={"ip": "192.0.2.1"}, payment=None)
    assert answer.action == "limit"
    assert answer.interval.high == 0.5
    assert answer.reasons[0].code == "NET-01"
    assert answer.source == "service"
    assert answer.raw["new_field"] == 1
    sent = service.requests[0]
    assert sent.headers["Authorization"] == "Bearer secret-key-of-test"
    assert len(sent.headers["Idempotency-Key"]) == 36
    assert "payment" not in json.loads(sent.content)


def test_a_retry_repeats_the_same_key():
    service = Service(
        httpx.Response(503),
        httpx.ConnectTimeout("late"),
        httpx.Response(201, json=ANSWER),
    )
    with client(service) as risk:
        assert assess(risk).id == "asm_1"
    keys = {one.headers["Idempotency-Key"] for one in service.requests}
    assert (len(service.requests), len(keys)) == (3, 1)


def test_the_fallback_answers_only_when_nobody_does():
    dead = Service(httpx.ConnectError("down"))
    with client(dead, Fallback.review(max_tokens_per_day=50_000)) as risk:
        answer = assess(risk)
    assert (answer.action, answer.source) == ("review", "fallback")
    assert answer.limits == {"max_tokens_per_day": 50_000}
    assert answer.degraded
    refused = Service(httpx.Response(422, json=PROBLEM))
    with (
        client(refused, Fallback.hold()) as risk,
        pytest.raises(errors.ValidationProblem) as caught,
    ):
        assess(risk)
    assert caught.value.problem.code == "validation_failed"
    with (
        client(Service(httpx.Response(500))) as risk,
        pytest.raises(errors.Unavailable),
    ):
        assess(risk)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.ValidationProblem),
        (401, errors.AuthenticationFailed),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (418, errors.ApiError),
        (429, errors.RateLimited),
    ],
)
def test_every_refusal_has_its_class(status, kind):
    service = Service(httpx.Response(status, text="<html>a proxy</html>"))
    with client(service, max_retries=0) as risk, pytest.raises(kind):
        risk.put_account("acct-1", {"kind": "individual"})


def test_retry_after_is_obeyed():
    service = Service(httpx.Response(429, headers={"Retry-After": "0.3"}), accepted)
    with client(service) as risk:
        started = time.monotonic()
        assert risk.events.send([{"event_id": "e1"}]).accepted == 1
    assert time.monotonic() - started >= 0.3


def test_a_conflict_is_retried_only_when_told_to():
    service = Service(
        httpx.Response(409, headers={"Retry-After": "0"}),
        httpx.Response(409, json={"code": "event_conflict"}),
    )
    with client(service) as risk, pytest.raises(errors.Conflict):
        assess(risk)
    assert len(service.requests) == 2


def test_secrets_do_not_show():
    risk = client(Service(accepted))
    assert "secret" not in repr(risk) + repr(risk.settings)


def test_ids_are_quoted_and_moments_need_a_zone():
    service = Service(httpx.Response(200, json={}))
    with client(service) as risk:
        risk.put_customer("a/b", {"valid_from": datetime(2026, 1, 2, tzinfo=UTC)})
        with pytest.raises(TypeError):
            risk.put_customer("a", {"valid_from": datetime(2026, 1, 2)})  # noqa: DTZ001 - the point of the test
    assert service.requests[0].url.raw_path == b"/v1/customers/a%2Fb"
    assert b"2026-01-02T00:00:00+00:00" in service.requests[0].content
