"""Batches by API: acknowledged is committed, each fact once, hostile input named."""

import contextlib
import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from apps.audit.models import Entry
from apps.signals.models import Event, Outcome, ProviderEvent
from apps.signals.selectors import changed_accounts, open_engine
from apps.signals.services.gate import GATE, SEATS
from apps.signals.services.gate import POLICY as GATE_POLICY
from tests.integration.signals import bundles

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lake")]
NOW = datetime.now(UTC).replace(microsecond=0)


def exchange(number: int, **changes) -> dict:
    row = bundles.plain(bundles.usage(number + 1)[number])
    when = NOW - timedelta(hours=2, seconds=number)
    return row | {"occurred_at": when.isoformat()} | changes


def window(number: int, **changes) -> dict:
    row = bundles.plain(bundles.windows(number + 1)[number])
    start = (NOW - timedelta(hours=3)).isoformat()
    return row | {"type": "usage.window", "window_start": start} | changes


def login(number: int, **changes) -> dict:
    row = bundles.plain(bundles.events(number + 1)[number])
    return row | {"occurred_at": (NOW - timedelta(hours=1)).isoformat()} | changes


def rows_in(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_a_mixed_batch_is_stored_and_seen_by_the_engine(post, people):
    rows = [exchange(0), exchange(1, type="usage"), window(0), login(0)]
    answer = post("events/batch", json.dumps(rows))
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 4,
        "duplicates": 0,
        "rejected": [],
        "warnings": [],
    }
    with open_engine(as_of=datetime.now(UTC)) as engine:
        usage = engine.arrow("SELECT * FROM usage ORDER BY event_id").to_pylist()
        windows = engine.arrow("SELECT * FROM usage_window").to_pylist()
        events = engine.arrow("SELECT * FROM events").to_pylist()
    assert [row["minhash"] for row in usage] == [exchange(n)["minhash"] for n in (0, 1)]
    assert usage[0]["recorded_at"] > usage[0]["occurred_at"]
    assert dict(windows[0]["models"]) == window(0)["models"]
    assert len(events[0]["device"]) == 24
    assert Entry.objects.get(kind="signals.batch.recorded").actor_type == "key"
    since = NOW - timedelta(minutes=5)
    known = {row["account_id"] for row in rows}
    assert known <= set(changed_accounts(since, datetime.now(UTC)))


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_repeated_batches_store_each_fact_once(post, people, seed):
    chance = random.Random(seed)
    facts = [make(n) for n in range(12) for make in (exchange, window, login)]
    sent = facts * 3
    chance.shuffle(sent)
    accepted = duplicates = 0
    while sent:
        size = chance.randrange(1, 20)
        batch, sent = sent[:size], sent[size:]
        answer = post("events/batch", json.dumps({"events": batch})).json()
        accepted += answer["accepted"]
        duplicates += answer["duplicates"]
        assert answer["rejected"] == []
    assert (accepted, duplicates) == (36, 72)
    stored = [rows_in("signals_usagehot"), rows_in("signals_windowhot")]
    assert [*stored, Event.objects.count()] == [12, 12, 12]


def test_the_same_key_with_another_body_is_a_conflict(post, people):
    post("events/batch", json.dumps([exchange(0), login(0)]))
    changed = [
        exchange(0, output_tokens=1),
        login(0, type="support.contact", data={}),
        exchange(1),
        exchange(1, model="other"),
        exchange(0) | {"event_id": login(0)["event_id"], "account_id": "acc-0"},
    ]
    answer = post("events/batch", json.dumps(changed)).json()
    assert answer["accepted"] == 1
    assert [one["index"] for one in answer["rejected"]] == [0, 1, 3, 4]
    assert {one["problem"]["code"] for one in answer["rejected"]} == {"event_conflict"}


BAD_ROWS = [
    (exchange(0, input_tokens="3"), "wrong_type", "/input_tokens"),
    (exchange(0, model=None), "missing_field", "/model"),
    (exchange(0, safety="unsure"), "unknown_value", "/safety"),
    (exchange(0, type="tea.made"), "unknown_event_type", "/type"),
    (exchange(0, type=["usage"]), "wrong_type", "/type"),
    (exchange(0, output_tokens=2**50), "number_out_of_range", "/output_tokens"),
    (exchange(0, ip="fe80::1%eth0"), "bad_ip", "/ip"),
    (
        exchange(0, occurred_at=(NOW + timedelta(hours=1)).isoformat()),
        "event_time_out_of_range",
        "/occurred_at",
    ),
    (
        exchange(0, occurred_at=(NOW - timedelta(days=8)).isoformat()),
        "too_late",
        "/occurred_at",
    ),
    (exchange(0, account_id="../x"), "bad_identifier", "/account_id"),
    (exchange(0, account_id="stranger"), "unknown_account", "/account_id"),
    (login(0, data={"ip": 7}), "wrong_type", "/data/ip"),
    (window(0, models={"a": -1}), "number_out_of_range", "/models"),
    (7, "wrong_type", "/row"),
    (None, "wrong_type", "/row"),
]


@pytest.mark.parametrize(("row", "code", "pointer"), BAD_ROWS)
def test_a_bad_row_is_named_and_the_good_one_stays(post, people, row, code, pointer):
    answer = post("events/batch", json.dumps([row, exchange(5)]))
    assert answer.status_code == 200
    body = answer.json()
    assert body["accepted"] == 1
    (reject,) = body["rejected"]
    assert (reject["index"], reject["problem"]["code"]) == (0, code)
    assert reject["problem"]["pointer"] == pointer
    assert "stranger" not in json.dumps(reject["problem"])


@pytest.mark.parametrize(
    ("body", "kind", "headers", "status", "code"),
    [
        (b"\xff[]", "application/json", {}, 400, "not_utf8"),
        (b'["\\u0000"]', "application/json", {}, 422, "nul_not_allowed"),
        (b"[NaN]", "application/json", {}, 400, "not_json_number"),
        (b"[" * 5000, "application/json", {}, 400, "too_deep"),
        (b"x" * (8 << 20) + b"x", "application/json", {}, 413, "body_too_large"),
        (b"[]", "text/csv", {}, 415, "unsupported_media_type"),
        (b"[]", "application/json", {"Content-Encoding": "br"}, 415, None),
        (b"[]", "application/json", {"Content-Encoding": "gzip"}, 400, "not_gzip"),
        (
            gzip.compress(b" " * (30 << 20)),
            "application/json",
            {"Content-Encoding": "gzip"},
            413,
            "body_too_large",
        ),
    ],
)
def test_a_hostile_body_is_a_named_4xx(post, body, kind, headers, status, code):
    answer = post("events/batch", body, kind, **headers)
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code
    assert answer["Content-Type"] == "application/problem+json"


def test_gzip_and_ndjson_are_taken(post, people):
    lines = "\n".join(json.dumps(exchange(number)) for number in range(3))
    answer = post(
        "events/batch",
        gzip.compress(f"{lines}\n{{\n".encode()),
        "application/x-ndjson",
        **{"Content-Encoding": "gzip"},
    ).json()
    assert answer["accepted"] == 3
    assert answer["rejected"][0]["index"] == 3
    assert answer["rejected"][0]["problem"]["code"] == "not_json"


def test_keys_and_scopes_are_asked_for(people):
    answer = Client().post("/v1/events/batch", "[]", content_type="application/json")
    assert answer.status_code == 401


def test_outcomes_are_stored_once(post, people):
    known = (NOW - timedelta(days=1)).isoformat()
    rows = [bundles.plain(row) | {"known_at": known} for row in bundles.outcomes(4)]
    rows[3] |= {"account_id": "stranger"}
    first = post("outcomes/batch", json.dumps(rows)).json()
    assert first["accepted"] == 3
    assert first["rejected"][0]["problem"]["code"] == "unknown_account"
    again = [*rows[:2], rows[2] | {"label": "inconclusive"}]
    second = post("outcomes/batch", json.dumps({"outcomes": again})).json()
    assert (second["accepted"], second["duplicates"]) == (0, 2)
    assert second["rejected"][0]["outcome_id"] == "out-2"
    assert second["rejected"][0]["problem"]["code"] == "event_conflict"
    assert Outcome.objects.count() == 3


def test_the_calendar_takes_an_entry_once(post):
    body = {"kind": "incident", "at": "2026-03-01T00:00:00Z", "name": "outage"}
    assert post("provider", json.dumps(body)).status_code == 201
    assert post("provider", json.dumps(body)).status_code == 200
    assert ProviderEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status", "pointers"),
    [
        ({"until": "2026-03-02T00:00:00Z"}, 409, []),
        ({"kind": "party"}, 422, ["/kind"]),
        ({"at": "yesterday"}, 422, ["/at"]),
        ({"name": None}, 422, ["/name"]),
    ],
)
def test_a_bad_entry_of_the_calendar_is_named(post, change, status, pointers):
    body = {"kind": "incident", "at": "2026-03-01T00:00:00Z", "name": "outage"}
    post("provider", json.dumps(body))
    answer = post("provider", json.dumps(body | change))
    found = [problem["pointer"] for problem in answer.json()["errors"]]
    assert (answer.status_code, found) == (status, pointers)


def test_an_import_and_the_endpoint_know_each_others_facts(
    post, people, load, tmp_path
):
    """Equal facts meet whichever way they came: one body, one hash."""
    rows = [exchange(number) for number in range(6)]
    post("events/batch", json.dumps(rows[:3]))
    bundles.write_ndjson(tmp_path / "b" / "usage.ndjson", rows)
    one = load(tmp_path / "b", at=datetime.now(UTC)).tables["usage"]
    assert (one.accepted, one.duplicates, one.rejected) == (3, 3, 0)
    answer = post("events/batch", json.dumps(rows)).json()
    assert (answer["accepted"], answer["duplicates"]) == (0, 6)


def test_a_batch_that_finds_no_seat_is_told_when_to_come_again(post, people):
    fine = post("events/batch", "[]")
    assert fine["RateLimit-Policy"] == GATE_POLICY
    with contextlib.ExitStack() as taken:
        for _ in range(SEATS):
            taken.enter_context(GATE.seat())
        answer = post("events/batch", json.dumps([exchange(0)]))
    assert answer.status_code == 429
    assert answer["Retry-After"] == "1"
    assert answer["RateLimit"] == '"events";r=0'
    assert (answer.json()["code"], answer.json()["retryable"]) == (
        "quota_exceeded",
        True,
    )
