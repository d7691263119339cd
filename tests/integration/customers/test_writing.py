"""How rows travel to the database, and how they are compared with what is stored."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.customers.policy import columns_of
from apps.customers.services.csv_rows import csv_of
from apps.customers.services.values import insert_unseen

pytestmark = pytest.mark.django_db
T = datetime(2026, 4, 1, 12, 30, 5, 7, tzinfo=UTC)
_COLUMNS = columns_of(
    "c0:text c1:bytea c2:timestamptz c3:uuid c4:boolean c5:bigint c6:smallint"
)


def stored(*rows: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return rows after their way through COPY."""
    names = [f"{name} {kind}" for name, kind in _COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.copied")
        cursor.execute(f"CREATE TEMP TABLE copied ({', '.join(names)})")
        with cursor.copy("COPY copied FROM STDIN (FORMAT csv)") as copy:
            copy.write(csv_of(_COLUMNS, rows))
        cursor.execute("SELECT * FROM copied")
        return cursor.fetchall()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    raw=st.binary(),
    number=st.integers(-(2**63), 2**63 - 1),
    flag=st.booleans(),
    small=st.integers(-(2**15), 2**15 - 1),
)
def test_values_survive_the_text_of_copy(
    text: str, raw: bytes, number: int, flag: bool, small: int
) -> None:
    row = (text, raw, T, UUID(int=abs(number)), flag, number, small)
    [found] = stored(row)
    assert (found[0], bytes(found[1]), *found[2:]) == row


def test_marks_of_the_format_are_only_characters() -> None:
    empty = (None,) * 6
    rows = [
        (text, *empty)
        for text in ("\\N", "\\.", "a\tb", "a\r\nb", "\\x41", 'a"b', "a,b", "")
    ]
    assert stored(*rows, (None, *empty)) == [*rows, (None, *empty)]


def test_a_value_is_looked_for_among_those_of_its_account() -> None:
    """However many rows come, and however many accounts share what they bring."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_account"
            " (account_id, subject, ingested_at, created_at, recorded_at)"
            " SELECT 'w' || n, gen_random_uuid(), %(t)s, %(t)s, %(t)s"
            " FROM generate_series(1, 30000) n",
            {"t": T},
        )
        cursor.execute(
            "INSERT INTO customers_accountvalue"
            " (account_id, kind, value, seen_at, recorded_at)"
            " SELECT id, 'ja4', 'common', %(t)s, %(t)s FROM customers_account",
            {"t": T},
        )
        cursor.execute("ANALYZE customers_account, customers_accountvalue")
        brought = (
            "json_to_recordset('[]'::json)"
            " AS g(kind text, value text, seen_at timestamptz, recorded_at timestamptz)"
        )
        source = f"customers_account a CROSS JOIN {brought}"
        cursor.execute("EXPLAIN " + insert_unseen("a.id", source))
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "one_value_per_account" in plan
    assert "value_lookup" not in plan
    assert "Seq Scan on customers_accountvalue" not in plan
