"""The client against a service that answers well, badly, late, or not at all."""

import asyncio
import base64
import gzip
import hmac
import json
import threading
import time
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kycrisk_client import AsyncKYCRisk, Fallback, KYCRisk, errors, webhooks
from kycrisk_client.pending import Pending

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


class Service:
    """Answers from a list, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def rows(self, at):
        request = self.requests[at]
        content = request.content
        if request.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return [json.loads(line) for line in content.splitlines()]


def client(service, fallback=None, **options):
    return KYCRisk(
        api_key="secret-key-of-test",
        base_url="https://risk.example",
        on_unavailable=fallback or Fallback.raises(),
        http=httpx.MockTransport(service),
        **options,
    )


def accepted(request):
    content = request.content
    if request.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    number = len(content.splitlines())
    return httpx.Response(200, json={"accepted": number, "duplicates": 0})


def assess(one, **more):
    return one.assessments.create(event="signup", account={"id": "acct-1"}, **more)


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
            risk.put_customer("a", {"valid_from": datetime(2026, 1, 2)})  # noqa: DTZ001
    assert service.requests[0].url.raw_path == b"/v1/customers/a%2Fb"
    assert b"2026-01-02T00:00:00+00:00" in service.requests[0].content


def test_a_buffer_sends_everything_once():
    service = Service(accepted)
    with client(service) as risk, risk.events.buffer(batch_items=100) as buffer:
        for number in range(1050):
            buffer.put({"event_id": f"e{number}"})
        counters = buffer.close()
    sent = [
        row["event_id"]
        for at in range(len(service.requests))
        for row in service.rows(at)
    ]
    assert sent == [f"e{number}" for number in range(1050)]
    assert (counters.accepted, counters.dropped) == (1050, 0)


def test_a_buffer_survives_an_outage_and_counts_what_it_drops():
    reached = threading.Event()

    def down(request):
        reached.set()
        return httpx.Response(503)

    service = Service(down)
    with client(service, max_retries=0) as risk:
        buffer = risk.events.buffer(batch_items=10, max_items=50, flush_s=0.01)
        buffer.put({"event_id": "first"})
        assert reached.wait(5)
        for number in range(200):
            buffer.put({"event_id": f"e{number}"})
        assert buffer.counters.dropped == 150
        with service.lock:
            service.answers = [accepted]
        counters = buffer.close(timeout=8)
    assert counters.accepted == 51
    assert counters.dropped == 150
    assert counters.retries >= 1
    sent = [one for at in range(len(service.requests)) for one in service.rows(at)]
    assert sent[-1] == {"event_id": "e199"}


def test_a_buffer_gives_up_in_time():
    service = Service(httpx.Response(503))
    with client(service, max_retries=0) as risk:
        buffer = risk.events.buffer(batch_items=10)
        for number in range(25):
            buffer.put({"event_id": f"e{number}"})
        started = time.monotonic()
        counters = buffer.close(timeout=0.3)
    assert time.monotonic() - started < 3
    assert (counters.accepted, counters.dropped) == (0, 25)


def test_rejected_and_refused_rows_are_counted():
    bad = {"index": 0, "event_id": "e0", "problem": {"code": "unknown_field"}}
    body = {"accepted": 1, "duplicates": 1, "rejected": [bad]}
    seen = []
    service = Service(httpx.Response(200, json=body), httpx.Response(413))
    with client(service) as risk:
        buffer = risk.events.buffer(batch_items=3, on_rejected=seen.append)
        for number in range(4):
            buffer.put({"event_id": f"e{number}"})
        counters = buffer.close()
    assert (counters.accepted, counters.duplicates, counters.rejected) == (1, 1, 1)
    assert (counters.refused, seen) == (1, [bad])
    with pytest.raises(RuntimeError):
        buffer.put({"event_id": "late"})


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=60),
    st.integers(1, 20),
    st.integers(1, 200),
)
def test_pending_rows_are_bounded_ordered_and_counted(rows, items, size):
    pending, dropped = Pending(items, size), 0
    for row in rows:
        dropped += pending.add(row)
        assert len(pending) <= items
    taken = []
    while some := pending.take(7):
        assert len(some) <= 7
        taken += some
    assert sum(map(len, taken)) <= size
    assert dropped + len(taken) == len(rows)
    wanted = [row for row in rows if len(row) <= size]
    assert taken == wanted[len(wanted) - len(taken) :]


def test_the_asynchronous_client_does_the_same():
    service = Service(httpx.Response(503), httpx.Response(201, json=ANSWER), accepted)

    async def run():
        async with AsyncKYCRisk(
            api_key="k",
            base_url="https://risk.example",
            on_unavailable=Fallback.raises(),
            http=httpx.MockTransport(service),
        ) as risk:
            answer = await assess(risk)
            async with risk.events.buffer(batch_items=10, flush_s=0.05) as buffer:
                for number in range(35):
                    buffer.put({"event_id": f"e{number}"})
                    await asyncio.sleep(0)
            return answer, buffer.counters

    answer, counters = asyncio.run(run())
    assert answer.id == "asm_1"
    assert (counters.accepted, counters.dropped) == (35, 0)


def test_an_asynchronous_buffer_gives_up_in_time():
    service = Service(httpx.Response(503))

    async def run():
        async with AsyncKYCRisk(
            api_key="k",
            base_url="https://risk.example",
            on_unavailable=Fallback.raises(),
            max_retries=0,
            http=httpx.MockTransport(service),
        ) as risk:
            buffer = risk.events.buffer(batch_items=10, max_items=15)
            async with buffer:
                for number in range(20):
                    buffer.put({"event_id": f"e{number}"})
                return await buffer.aclose(timeout=0.2)

    counters = asyncio.run(run())
    assert (counters.accepted, counters.dropped) == (0, 20)


SECRET = base64.b64encode(b"0123456789abcdef01234567").decode()
BODY = json.dumps(
    {
        "type": "decision.effective",
        "timestamp": "2026-11-22T13:52:11Z",
        "data": {"account_id": "acct-1", "stage": "final"},
    }
).encode()


def signed(body=BODY, at=1000, secret=SECRET):
    text = b"msg_1." + str(at).encode() + b"." + body
    made = hmac.digest(base64.b64decode(secret), text, "sha256")
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": "v1,bm90IGl0 v1," + base64.b64encode(made).decode(),
    }


def test_a_signed_webhook_is_read():
    event = webhooks.verify(
        body=BODY, headers=signed(), keys=["whpk_AAAA", f"whsec_{SECRET}"], now=1100
    )
    assert (event.type, event.stage, event.id) == (
        "decision.effective",
        "final",
        "msg_1",
    )


@pytest.mark.parametrize(
    ("body", "headers", "now"),
    [
        (BODY + b" ", signed(), 1000),
        (BODY, signed(), 1301),
        (BODY, signed(), 699),
        (BODY, signed(secret=base64.b64encode(b"another").decode()), 1000),
        (BODY, signed() | {"Webhook-Timestamp": "soon"}, 1000),
        (BODY, signed() | {"Webhook-Signature": "v1,???"}, 1000),
        (BODY, {}, 1000),
    ],
)
def test_any_other_webhook_is_refused(body, headers, now):
    with pytest.raises(errors.SignatureError):
        webhooks.verify(body=body, headers=headers, keys=[f"whsec_{SECRET}"], now=now)


def test_a_public_key_verifies():
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    private = ed25519.Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    made = base64.b64encode(private.sign(b"msg_1.1000." + BODY)).decode()
    headers = signed() | {"Webhook-Signature": f"v1a,{made}"}
    keys = [f"whpk_{public}"]
    event = webhooks.verify(body=BODY, headers=headers, keys=keys, now=1000)
    assert event.data["account_id"] == "acct-1"
    with pytest.raises(errors.SignatureError):
        webhooks.verify(body=BODY + b" ", headers=headers, keys=keys, now=1000)
