"""What a stranger's columns are taken for, and how their values are read."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.assessments.policy import mapping
from apps.assessments.policy.conversion import as_cell, converted, day_comes_first
from apps.assessments.policy.mapping import Seen, guess
from apps.assessments.policy.names import MADE, aliases, targets
from apps.core.validation import RAW_TABLES, RawColumn, validate_rows
from tests.integration.intake import strangers

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TIME = RawColumn("at", "timestamp")


def seen(data: bytes, delimiter: str = ";") -> list[Seen]:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter))
    return [
        Seen(name, [row[place] for row in rows[1:]])
        for place, name in enumerate(rows[0])
    ]


def test_a_spreadsheet_of_customers_is_understood():
    found = guess("export (3).csv", seen(strangers.customers()), latest=NOW)
    assert found.table == "accounts"
    assert found.columns == (
        "account_id", "email", "created_at", "declared_country", "signup_ip", "plan",
        "phone", "payment_fingerprint", "payment_funding", "signup_device_id",
        "email_verified", "",
    )  # fmt: skip
    assert found.day_first is True


def test_columns_without_a_telling_name_are_known_by_their_values():
    columns = [
        Seen("id", ["a", "b"]),
        Seen("c2", ["x@example.org", "y@example.org"]),
        Seen("c3", ["2026-03-01 10:00", "2026-03-02"]),
        Seen("c4", ["192.0.2.1", "2001:db8::1"]),
    ]
    found = guess("list.csv", columns, latest=NOW)
    assert found.columns == ("account_id", "email", "created_at", "signup_ip")
    assert found.why == ("name", "values", "values", "values")


@pytest.mark.parametrize("table", RAW_TABLES)
def test_a_bundle_in_our_own_words_is_taken_at_its_word(table):
    names = [column.name for column in RAW_TABLES[table]]
    found = mapping.guess_for(table, [Seen(name, []) for name in names], latest=NOW)
    assert list(found.columns) == names
    assert (
        guess(f"{table}.csv", [Seen(n, []) for n in names], latest=NOW).table == table
    )


def test_every_alias_belongs_to_a_column_and_every_made_one_is_required():
    for table in RAW_TABLES:
        known = targets(table)
        assert all(aliases(table, name)[0] for name in known)
        for name in MADE.get(table, {}):
            assert known[name].required


def test_a_country_beside_a_city_is_the_country_of_the_address():
    columns = [Seen(name, ["x"]) for name in ("user", "created", "city", "Country")]
    found = mapping.guess_for("accounts", columns, latest=NOW)
    assert found.columns == ("account_id", "created_at", "city", "country")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-04", "2026-03-04T00:00:00Z"),
        ("2026-03-04 05:06", "2026-03-04T05:06:00Z"),
        ("2026-03-04T05:06:07.123Z", "2026-03-04T05:06:07.123Z"),
        ("2026-03-04 05:06:07 +0530", "2026-03-04T05:06:07+05:30"),
        ("1772600767", "2026-03-04T05:06:07+00:00"),
        ("1772600767000", "2026-03-04T05:06:07+00:00"),
        ("04/03/2026 5:06 PM", "2026-03-04T17:06:00+00:00"),
        ("04.03.2026", "2026-03-04T00:00:00+00:00"),
        ("31.02.2026", "31.02.2026"),
        ("soon", "soon"),
    ],
)
def test_times_are_read_in_the_forms_of_spreadsheets_and_logs(text, wanted):
    assert converted(TIME, text, day_first=True) == wanted


def test_the_order_of_dates_is_told_by_a_day_beyond_twelve():
    assert day_comes_first(["01/02/2026", "13/02/2026"]) is True
    assert day_comes_first(["01/02/2026", "02/13/2026"]) is False
    assert day_comes_first(["01/02/2026"]) is None
    assert day_comes_first(["01.02.2026"]) is True


@given(
    seconds=st.integers(1_420_156_800, 1_793_318_400),
    minutes=st.integers(-12 * 60, 14 * 60),
)
def test_a_moment_with_an_offset_keeps_its_meaning(seconds, minutes):
    zone = timezone(timedelta(minutes=minutes))
    there = datetime.fromtimestamp(seconds, zone)
    for written in (there.isoformat(), there.isoformat(sep=" ")):
        read = datetime.fromisoformat(converted(TIME, written, day_first=False))
        assert read == there


@given(
    st.sampled_from([c for t in RAW_TABLES.values() for c in t]), st.text(max_size=40)
)
def test_no_cell_breaks_the_conversion(column, text):
    value = converted(column, text, day_first=True)
    assert value is None or isinstance(as_cell(value), str)


@given(
    st.sampled_from(["accounts", "usage", "outcomes"]),
    st.lists(st.sampled_from(["x", "2026-03-01", "1", "a@b.example", ""]), min_size=3),
)
def test_what_fits_is_what_the_importer_takes(table, values):
    """One definition of each column: the share on the page is no second opinion."""
    for column in RAW_TABLES[table]:
        if column.kind == "event_data":
            continue
        for value in values:
            cell = converted(column, value, day_first=False)
            if cell is None:
                continue
            typed = mapping.row_like(column, cell)
            row = _whole(table) | {column.name: typed}
            taken = not validate_rows(table, [row], as_of=NOW).rejects
            assert mapping.fits(column, cell, latest=NOW) is taken


def _whole(table: str) -> dict[str, object]:
    sample = {"id": "a", "timestamp": "2026-03-01T00:00:00Z", "int": 1, "scope": "m"}
    return {
        column.name: column.choices[0]
        if column.choices
        else sample.get(column.kind, "m")
        for column in RAW_TABLES[table]
        if column.required
    }
