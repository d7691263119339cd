"""Event buffers: bounded, retried, and every row counted."""

import asyncio
import threading
import time

import httpx
import pytest
from doubles import Service, accepted, assess, client
from hypothesis import given
from hypothesis import strategies as st
from kycrisk_client import AsyncKYCRisk, Fallback, aio
from kycrisk_client.answers import BatchAnswer
from kycrisk_client.errors import Unavailable
from kycrisk_client.pending import Pending

ALLOWED = {"id": "asm_1", "account_id": "acct-1", "action": "allow"}


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
    assert time.monotonic() - started < 10
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
    service = Service(
        httpx.Response(503),
        httpx.Response(
            201, json={"account_id": "acct-1", "action": "allow", "id": "asm_1"}
        ),
        accepted,
    )

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
                    await asyncio.sleep(0)  # the turn of the buffer's own task
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


def test_closing_an_asynchronous_buffer_cuts_a_long_wait(monkeypatch):
    monkeypatch.setattr(aio, "FIRST_WAIT", 600.0)

    async def run():
        refused = asyncio.Event()

        async def send(_call):
            if refused.is_set():
                return BatchAnswer(accepted=1, duplicates=0, rejected=[])
            refused.set()
            raise Unavailable("down")

        async with aio.AsyncEventBuffer(send, batch_items=1) as buffer:
            buffer.put({"event_id": "e0"})
            await refused.wait()
            monkeypatch.setattr(aio, "FIRST_WAIT", 0.01)
            return await buffer.aclose(timeout=60)

    counters = asyncio.run(run())
    assert (counters.accepted, counters.retries, counters.dropped) == (1, 1, 0)
