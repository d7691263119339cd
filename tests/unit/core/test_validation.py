import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.validation import RAW_TABLES, RawColumn, row_from_text, validate_rows
from apps.core.validation.codes import DETAILS
from apps.core.validation.rows import clean_value
from apps.core.validation.texts import BadValueError, is_card_number
from apps.core.validation.vectors import (
    CODE,
    arrow_type,
    validate_column,
    validate_table,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ACCOUNT = {"account_id": "a1", "created_at": "2026-05-01T10:00:00Z"}
USAGE = {
    "event_id": "e1",
    "occurred_at": "2026-05-01T10:00:00+02:00",
    "account_id": "a1",
    "key_id": "k1",
    "model": "large-1",
    "input_tokens": 10,
    "output_tokens": 20,
}
COLUMNS = {
    (table, column.name): column
    for table, columns in RAW_TABLES.items()
    for column in columns
}
BAD = [
    ("account_id", "", "bad_identifier"),
    ("account_id", "../etc", "bad_identifier"),
    ("account_id", "\u0430ccount", "bad_identifier"),
    ("account_id", "a" * 129, "bad_identifier"),
    ("account_id", "a1\n", "bad_identifier"),
    ("account_id", 7, "wrong_type"),
    ("created_at", "2026-05-01T10:00:00", "bad_timestamp"),
    ("created_at", "2026-05-01 10:00:00Z", "bad_timestamp"),
    ("created_at", "2026-05-01T24:00:00Z", "bad_timestamp"),
    ("created_at", "2016-12-31T23:59:60Z", "bad_timestamp"),
    ("created_at", "0000-01-01T00:00:00Z", "bad_timestamp"),
    ("created_at", "9999-12-31T23:59:59-14:00", "bad_timestamp"),
    ("created_at", "1999-01-01T00:00:00Z", "bad_timestamp"),
    ("created_at", 1_750_000_000, "wrong_type"),
    ("created_at", "2026-06-01T00:05:01Z", "event_time_out_of_range"),
    ("kind", "person", "unknown_value"),
    ("email", "no-at", "bad_email"),
    ("email", "a@b@c.example", "bad_email"),
    ("email", '"q q"@c.example', "bad_email"),
    ("email", "a@[192.0.2.1]", "bad_email"),
    ("email", "a..b@c.example", "bad_email"),
    ("email", f"{'a' * 65}@c.example", "bad_email"),
    ("email", "a\r\nb@c.example", "bad_text"),
    ("email", "a\u202eb@c.example", "bad_text"),
    ("phone", "004420", "bad_phone"),
    ("phone", "+0123456789", "bad_phone"),
    ("phone", "+١٢٣٤٥٦٧٨", "bad_phone"),
    ("country", "ZZ", "unknown_code"),
    ("country", "de", "unknown_code"),
    ("signup_ip", "fe80::1%eth0", "bad_ip"),
    ("signup_ip", "010.0.0.1", "bad_ip"),
    ("signup_ip", "1.2.3", "bad_ip"),
    ("signup_ip", "1.2.3.4.", "bad_ip"),
    ("email_verified", "true", "wrong_type"),
    ("email_verified", 1, "wrong_type"),
    ("signup_form_ms", True, "wrong_type"),
    ("signup_form_ms", "12", "wrong_type"),
    ("signup_form_ms", 1.5, "wrong_type"),
    ("signup_form_ms", math.nan, "not_json_number"),
    ("signup_form_ms", math.inf, "not_json_number"),
    ("signup_form_ms", -1, "number_out_of_range"),
    ("signup_form_ms", 10**25, "number_out_of_range"),
    ("payment_bin", "12345", "bad_bin"),
    ("payment_bin", "1234567", "bad_bin"),
    ("payment_fingerprint", "4111111111111111", "pan_detected"),
    ("name", "card 4111 1111 1111 1111 thanks", "pan_detected"),
    ("name", "a\0b", "nul_not_allowed"),
    ("name", "a\ud800", "bad_unicode"),
    ("name", "a\x1bb", "bad_text"),
    ("name", "x" * 201, "bad_text"),
    ("name", "zero\u200bwidth", "bad_text"),
]


@pytest.mark.parametrize(("field", "value", "code"), BAD)
def test_bad_value_is_named_and_never_echoed(field: str, value: Any, code: str) -> None:
    checked = validate_rows("accounts", [ACCOUNT | {field: value}], as_of=NOW)
    (reject,) = checked.rejects
    assert (reject.field, reject.code) == (field, code)
    assert checked.good == []
    assert reject.detail == f"{field} {DETAILS[code]}"


@pytest.mark.parametrize(
    ("field", "value", "clean"),
    [
        ("name", "Zoë O'Neil", "Zoë O'Neil"),
        ("name", "Zoe\u0308", "Zoë"),
        ("name", "=cmd()", "=cmd()"),
        ("name", "\u0646\u0645\u06cc\u200c\u0631", "\u0646\u0645\u06cc\u200c\u0631"),
        ("email", "A.b+c@Exämple.DE", "A.b+c@xn--exmple-cua.de"),
        ("signup_ip", "::ffff:192.0.2.1", "192.0.2.1"),
        ("signup_ip", "2001:DB8:0::1", "2001:db8::1"),
        ("declared_use_case", "two\nlines", "two\nlines"),
        ("payment_fingerprint", "fp_4111111111111112", "fp_4111111111111112"),
        (
            "created_at",
            "2026-05-01T10:00:00.123456+02:00",
            datetime(2026, 5, 1, 8, 0, 0, 123456, tzinfo=UTC),
        ),
    ],
)
def test_good_value_is_cleaned(field: str, value: Any, clean: Any) -> None:
    checked = validate_rows("accounts", [ACCOUNT | {field: value}], as_of=NOW)
    assert checked.good[0][field] == clean


def test_ids_of_machines_may_look_like_card_numbers() -> None:
    row = USAGE | {"conversation_id": "4111111111111111"}
    assert validate_rows("usage", [row], as_of=NOW).rejects == []


def test_one_bad_row_leaves_the_others() -> None:
    rows = [ACCOUNT, {"account_id": "a2"}, ["no row"], ACCOUNT | {"shoe": 1}]
    checked = validate_rows("accounts", rows, as_of=NOW)
    assert checked.places == [0, 3]
    assert [(r.index, r.field, r.code) for r in checked.rejects] == [
        (1, "created_at", "missing_field"),
        (2, "row", "wrong_type"),
    ]
    assert checked.unknown == {"shoe": 1}


def test_event_data_is_checked_by_type() -> None:
    event = {
        "event_id": "e",
        "type": "login",
        "occurred_at": "2026-05-01T10:00:00Z",
        "account_id": "a",
    }
    rows = [
        event | {"data": {"ip": "192.0.2.9", "success": True}},
        event | {"data": '{"ip": "192.0.2.9", "color": 1}'},
        event | {"data": {"ip": "nope"}},
        event | {"type": "logout", "data": {}},
        event | {"data": "[1]"},
        event,
    ]
    checked = validate_rows("events", rows, as_of=NOW)
    assert [row["data"]["ip"] for row in checked.good] == ["192.0.2.9"] * 2
    assert checked.unknown == {"data/color": 1}
    assert [(r.index, r.field, r.code) for r in checked.rejects] == [
        (2, "data/ip", "bad_ip"),
        (3, "type", "unknown_event_type"),
        (4, "data", "bad_json"),
        (5, "data", "missing_field"),
    ]


def test_text_rows_are_typed_but_never_guessed() -> None:
    text = {"account_id": "1", "created_at": "2026-05-01T10:00:00Z"}
    row = row_from_text("accounts", text | {"contract": "true", "plan": ""})
    assert row["contract"] is True
    assert row["plan"] is None
    assert row["account_id"] == "1"
    bad = row_from_text("accounts", text | {"signup_form_ms": "1_0"})
    assert validate_rows("accounts", [bad], as_of=NOW).rejects[0].code == "wrong_type"


@pytest.mark.parametrize("separator", ["", " ", "-"])
def test_card_numbers_are_found_with_separators(separator: str) -> None:
    number = separator.join(["4111", "1111", "1111", "1111"])
    assert is_card_number(f"pay with {number}.")
    assert not is_card_number(f"pay with {number[:-1]}2.")


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[A-Za-z0-9_.:@ \-]{0,30}", fullmatch=True),
    st.from_regex(r"[2-6][0-9 \-]{10,24}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{0,20}", fullmatch=True),
    st.from_regex(r"(api|app|cloud:[a-z]{0,5})", fullmatch=True),
    st.from_regex(r"[a-z.]{1,6}@[a-z.]{1,6}", fullmatch=True),
    st.sampled_from(["individual", "DE", "192.0.2.1", "::1", "+4915112345678"]),
)
TEXT_COLUMNS = sorted(
    key for key, column in COLUMNS.items() if arrow_type(column) == pa.string()
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(TEXT_COLUMNS), st.lists(HOSTILE, max_size=6))
def test_arrow_columns_agree_with_rows(key: tuple[str, str], texts: list[str]) -> None:
    column = COLUMNS[key]
    texts = [text for text in texts if not _has_surrogate(text)]
    checked = validate_column(column, pa.array(texts, pa.string()), as_of=NOW)
    expected = [_by_row(column, text) for text in texts]
    if column.kind != "event_data":
        assert checked.codes.tolist() == [CODE[code] for _, code in expected]
    good = [at for at, (_, code) in enumerate(expected) if code == ""]
    values = checked.values.to_pylist()
    assert [values[at] for at in good] == [expected[at][0] for at in good]


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= mark <= "\udfff" for mark in text)


def _by_row(column: RawColumn, value: object) -> tuple[Any, str]:
    try:
        return clean_value(column, value, latest=NOW + timedelta(minutes=5)), ""
    except BadValueError as error:
        return None, error.code


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.text(max_size=20),
        st.lists(st.integers(), max_size=17),
        st.dictionaries(st.text(), st.integers()),
    ),
    st.sampled_from(sorted(COLUMNS)),
)
def test_no_value_breaks_the_validator(value: Any, key: tuple[str, str]) -> None:
    table, name = key
    row: dict[str, Any] = {name: value}
    checked = validate_rows(table, [row], as_of=NOW)
    assert len(checked.good) + len(checked.rejects) == 1


def test_arrow_table_is_checked_and_completed() -> None:
    rows = [USAGE, USAGE | {"event_id": "e2"}, USAGE | {"event_id": "bad id"}]
    times = [datetime(2026, 5, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)]
    data = pa.Table.from_pylist(
        [
            row | {"occurred_at": at, "extra": 1}
            for row, at in zip(rows, [*times, times[0]], strict=True)
        ]
    )
    checked = validate_table("usage", data, as_of=NOW)
    assert checked.good.tolist() == [True, False, False]
    assert [(r.index, r.field, r.code) for r in checked.rejects] == [
        (1, "occurred_at", "event_time_out_of_range"),
        (2, "event_id", "bad_identifier"),
    ]
    assert checked.unknown == ["extra"]
    assert checked.rows.column_names == [c.name for c in RAW_TABLES["usage"]]
    assert checked.rows.column("occurred_at").type == pa.timestamp("us", "UTC")


@pytest.mark.parametrize(
    ("name", "array", "code"),
    [
        ("input_tokens", pa.array(["5"]), "wrong_type"),
        ("input_tokens", pa.array([1.5]), "wrong_type"),
        ("input_tokens", pa.array([-1]), "number_out_of_range"),
        ("input_tokens", pa.array([None], pa.int32()), "missing_field"),
        ("input_tokens", pa.array([2**40]), "number_out_of_range"),
        ("status", pa.array([99], pa.int16()), "number_out_of_range"),
        ("occurred_at", pa.array([datetime(2026, 5, 1)]), "wrong_type"),  # noqa: DTZ001 - the point of the row
        ("event_id", pa.array([5]), "wrong_type"),
        ("minhash", pa.array([[1] * 15], pa.list_(pa.uint32())), "number_out_of_range"),
        ("minhash", pa.array([[None] * 16], pa.list_(pa.uint32())), "wrong_type"),
        ("sketch", pa.array(["00ff"]), "bad_hex"),
    ],
)
def test_arrow_types_are_strict(name: str, array: pa.Array, code: str) -> None:
    checked = validate_column(COLUMNS["usage", name], array, as_of=NOW)
    assert checked.codes.tolist() == [CODE[code]]


def test_maps_and_lists_are_checked_by_value() -> None:
    models = pa.array([[("a", 1)], [("a", -1)], None], pa.map_(pa.string(), pa.int64()))
    column = COLUMNS["usage_window", "models"]
    checked = validate_column(column, models, as_of=NOW)
    assert checked.codes.tolist() == [0, CODE["number_out_of_range"], 0]
    assert checked.values.to_pylist() == [[("a", 1)], None, None]
