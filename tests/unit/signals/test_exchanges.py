"""The fast decoder gives what the strict one gives, or leaves the body to it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import DomainError
from apps.core.validation import validate_rows, vectors
from apps.signals.schemas import ROWS_MAX, decode_batch, decode_events

AT = datetime(2026, 5, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "event_id": "e-1",
    "occurred_at": "2026-04-30T10:00:00Z",
    "account_id": "a-1",
    "key_id": "k-1",
    "model": "m",
    "input_tokens": 3,
    "output_tokens": 4,
    "minhash": list(range(16)),
}
ODD = st.sampled_from(
    [
        None,
        "",
        "x",
        7,
        -1,
        2**31,
        1.5,
        True,
        [],
        [1] * 16,
        [2**32] * 16,
        {"a": 1},
        'quote":',
        "2026-02-30T00:00:00Z",
        "2026-04-30T10:00:00.1234567+02:00",
        "10.0.0.1",
        "::1",
        "\u00e9",
    ]
)
NAMES = st.sampled_from(
    [*GOOD, "type", "ip", "turn", "safety", "sketch", "filler", "mystery", "retry_of"]
)
ROWS = st.lists(st.dictionaries(NAMES, ODD, max_size=3).map(lambda odd: GOOD | odd))


def judged(rows: list[Any]) -> list[tuple[int, Any]]:
    """Return (index, cleaned row or problem) of the rows that are exchanges."""
    plain = [
        (
            i,
            {k: v for k, v in row.items() if k != "type"}
            if isinstance(row, dict)
            else row,
        )
        for i, row in rows
    ]
    checked = validate_rows("usage", [row for _, row in plain], as_of=AT)
    good = zip(checked.places, checked.good, strict=True)
    bad = ((one.index, (one.field, one.code)) for one in checked.rejects)
    return sorted(
        ((plain[at][0], found) for at, found in [*good, *bad]), key=lambda one: one[0]
    )


def is_exchange(row: Any) -> bool:
    return isinstance(row, dict) and row.get("type") in (None, "usage")


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, lines=st.booleans(), wrapped=st.booleans(), indent=st.booleans())
def test_both_decoders_agree(rows, lines, wrapped, indent):
    kind = "application/x-ndjson" if lines else "application/json"
    if lines:
        body = "\n".join(map(json.dumps, rows)).encode()
    else:
        whole = {"events": rows} if wrapped else rows
        body = json.dumps(whole, indent=2 if indent else None).encode()
    exchanges, rest, report = decode_events(body, kind)
    strict, strict_report = decode_batch(body, kind, name="events")
    wanted = judged([one for one in strict if is_exchange(one[1])])
    found = judged([one for one in rest if is_exchange(one[1])])
    if exchanges is not None:
        table = vectors.validate_table("usage", exchanges.rows, as_of=AT)
        places = exchanges.places.tolist()
        good = (place for place, kept in zip(places, table.good, strict=True) if kept)
        found += list(zip(good, table.rows.to_pylist(), strict=True))
        found += [(places[r.index], (r.field, r.code)) for r in table.rejects]
    assert sorted(found, key=lambda one: one[0]) == wanted
    others = [one for one in rest if not is_exchange(one[1])]
    assert others == [one for one in strict if not is_exchange(one[1])]
    assert report.rejected == strict_report.rejected


PLAIN = json.dumps(GOOD).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"[" + PLAIN + b",]",
        b"[" + PLAIN + b"] 7",
        b"[" + PLAIN[:-1] + b',"model":"m"}]',
        b"[" + PLAIN[:-1] + b',"model" :"m"}]',
        b"[" + PLAIN[:-1] + b',"x":' + b"[" * 300 + b"]" * 300 + b"}]",
        b"[" + PLAIN[:-1] + b',"x":' + b"[" * 15 + b"]" * 15 + b"}]",
        b"[" + PLAIN[:-1] + b',"ip":"\\u0000"}]',
        b"[" + PLAIN[:-1] + b',"ip":"\\ud800"}]',
        b"[" + PLAIN[:-1] + b',"ip":"\xff"}]',
        b"[" + PLAIN[:-1] + b',"turn":NaN}]',
        b"[" + PLAIN[:-1] + b',"x":1e999}]',
        b"[" + PLAIN[:-1] + b',"turn":' + b"9" * 40 + b"}]",
        b"\xef\xbb\xbf[" + PLAIN + b"]",
        b'{"events":[' + PLAIN + b'],"events":[]}',
        b'{"events":[' + PLAIN + b'],"x":NaN}',
        b'{"events":7}',
        b"[" + b",".join([PLAIN] * (ROWS_MAX + 1)) + b"]",
    ],
)
def test_a_body_that_the_strict_reader_refuses_is_refused_alike(body):
    with pytest.raises(DomainError) as strict:
        decode_batch(body, "application/json", name="events")
    with pytest.raises(DomainError) as fast:
        decode_events(body, "application/json")
    assert (fast.value.code, fast.value.status) == (
        strict.value.code,
        strict.value.status,
    )


def test_flat_unknown_fields_are_named_and_cost_no_row():
    body = json.dumps([GOOD, GOOD | {"mystery": 1}, GOOD | {"odd": {"deep": 1}}])
    exchanges, rest, report = decode_events(body.encode(), "application/json")
    assert exchanges is not None
    assert exchanges.places.tolist() == [0, 1]
    assert [index for index, _ in rest] == [2]
    assert report.unknown_fields == {"mystery"}
