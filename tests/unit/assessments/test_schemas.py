"""What a request may hold, and what is said of one that can't be used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.assessments.schemas import read_request
from apps.core.errors import InvalidError

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def body(**changes: object) -> dict:
    return {
        "event": "signup",
        "occurred_at": NOW.isoformat(),
        "account": {"id": "acct-1", "kind": "individual", "email": "a@b.example"},
        "signup": {"ip": "198.51.100.7", "form_ms": 4200},
        "payment": {"type": "card", "fingerprint": "fp_1234567890", "bin": "411111"},
    } | changes


def problems(payload: object) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        read_request(payload, at=NOW)
    return {problem.pointer: problem.code for problem in caught.value.problems}


def test_parts_become_columns_of_the_account():
    request = read_request(body(), at=NOW)
    assert request.row["account_id"] == "acct-1"
    assert request.row["signup_form_ms"] == 4200
    assert request.row["payment_bin"] == "411111"
    assert request.row["created_at"] == request.row["valid_from"] == NOW
    assert (request.dry_run, request.explain) == (False, True)


def test_a_clock_that_runs_ahead_does_not_hide_the_row():
    ahead = NOW + timedelta(minutes=3)
    request = read_request(body(occurred_at=ahead.isoformat()), at=NOW)
    assert request.occurred_at == ahead
    assert request.row["valid_from"] == NOW


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"event": "birthday"}, "/event", "unknown_value"),
        ({"event": "scheduled"}, "/event", "unknown_value"),
        ({"event": None}, "/event", "missing_field"),
        ({"account": None}, "/account", "missing_field"),
        ({"account": []}, "/account", "wrong_type"),
        ({"account": {"kind": "individual"}}, "/account/id", "missing_field"),
        ({"account": {"id": "../x"}}, "/account/id", "bad_identifier"),
        ({"signup": {"ip": "fe80::1%eth0"}}, "/signup/ip", "bad_ip"),
        ({"signup": "home"}, "/signup", "wrong_type"),
        ({"payment": {"bin": "12"}}, "/payment/bin", "bad_bin"),
        ({"payment": {"funding": "gold"}}, "/payment/funding", "unknown_value"),
        ({"occurred_at": None}, "/occurred_at", "missing_field"),
        ({"occurred_at": "yesterday"}, "/occurred_at", "bad_timestamp"),
        ({"options": {"dry_run": "yes"}}, "/options/dry_run", "wrong_type"),
        ({"options": [1]}, "/options", "wrong_type"),
    ],
)
def test_a_bad_field_is_named_by_its_pointer(changes, pointer, code):
    assert problems(body(**changes)) == {pointer: code}


def test_several_bad_fields_are_named_at_once():
    found = problems(body(event="?", signup=1, payment=2))
    assert set(found) == {"/event", "/signup", "/payment"}


def test_an_old_event_belongs_in_a_bundle():
    old = (NOW - timedelta(days=8)).isoformat()
    assert problems(body(occurred_at=old)) == {"/occurred_at": "too_late"}


def test_a_future_event_is_refused():
    late = (NOW + timedelta(minutes=6)).isoformat()
    assert problems(body(occurred_at=late)) == {
        "/occurred_at": "event_time_out_of_range"
    }


def test_unknown_fields_are_warnings():
    request = read_request(body(shoe_size=44, signup={"color": "red"}), at=NOW)
    assert request.warnings == ("/shoe_size is not known", "/signup/color is not known")


def test_no_value_is_repeated_in_a_problem():
    secret = "someone@private.example\u0000"
    with pytest.raises(InvalidError) as caught:
        read_request(body(account={"id": "a", "email": secret}), at=NOW)
    text = caught.value.detail + str(caught.value.problems)
    assert "private" not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(["event", "occurred_at", "account", "signup", "payment"])


@given(st.dictionaries(names, json_values, max_size=5) | json_values)
def test_any_json_gives_a_request_or_named_problems(payload):
    row, found = None, ()
    try:
        row = read_request(payload, at=NOW).row
    except InvalidError as error:
        found = error.problems
    assert (row is None) == bool(found)
    assert all(problem.code and problem.detail for problem in found)
