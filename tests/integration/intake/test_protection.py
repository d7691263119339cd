"""What the page says of how values are kept is what the database and the lake hold."""

import csv
import io
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from django.db import connection

from apps.assessments.policy.names import targets
from apps.assessments.presenters.intake import HASHED, PLAIN, protection
from apps.assessments.services.intake.loading import import_bundle
from apps.audit.services import Actor
from apps.core.validation import EVENT_DATA

pytestmark = pytest.mark.django_db
# One value a column that occurs nowhere else; where none is given, any valid one.
TEXTS = {
    "email": "qqmailqq@qqdomainqq.example",
    "phone": "+4915199887766",
    "ip": "198.51.100.213",
    "domain": "qqorgqq.example",
    "bin": "41111177",
    "agent": "qqagentqq",
}
ODD = {
    "signup_form_ms": "98765",
    "status": "200",
    "kind": "individual",
    "country": "IE",
}


def value_of(table, name, column):
    if column.name in ODD and column.kind not in {"country", "enum"}:
        return ODD[column.name]
    plain = {
        "timestamp": "2026-01-02T03:04:05Z",
        "bool": "true",
        "country": "IE",
        "int": "7",
        "id": f"qq{name.replace('/', '-')}qq",
        "hex": "ab" * min(column.high // 2, 64),
    }
    if column.choices:
        return column.choices[0]
    return TEXTS.get(column.kind) or plain.get(column.kind) or f"qq{name}qq"


def written(folder, table, row):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(row))
    writer.writeheader()
    writer.writerow(row)
    folder.mkdir(exist_ok=True)
    (folder / f"{table}.csv").write_text(out.getvalue())


def everything(house):
    """Return all text that is at rest: every table but the vault's, and the lake."""
    texts = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables"
            " WHERE schemaname IN ('public', 'audit')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")
            texts += [row for (row,) in cursor.fetchall()]
    for path in (house / "lake").rglob("*.parquet"):
        texts.append(str(pq.read_table(path).to_pylist()))
    return "\n".join(texts)


@pytest.mark.parametrize("table", ["accounts", "events", "usage"])
def test_no_value_said_to_be_hashed_or_encrypted_is_kept_as_it_is(house, table):
    folder = house / "bundle"
    person = {"account_id": "acc-1", "created_at": "2026-01-01T00:00:00Z"}
    written(folder, "accounts", person)
    known = {
        name: column
        for name, column in targets(table).items()
        if column.kind not in {"event_data", "uint32s", "scope", "surface"}
    }
    row = {name: value_of(table, name, column) for name, column in known.items()}
    row |= {"account_id": "acc-1", "model": "m"} if table == "usage" else {}
    if table == "events":
        fields = {column.name for column in EVENT_DATA["login"]}
        data = {n.removeprefix("data/"): v for n, v in row.items() if "/" in n}
        kept = ", ".join(
            f'"{name}": {"true" if value == "true" else chr(34) + value + chr(34)}'
            for name, value in data.items()
            if name in fields
        )
        row = {n: v for n, v in row.items() if "/" not in n}
        row |= {"account_id": "acc-1", "type": "login", "data": f"{{{kept}}}"}
    if table == "accounts":
        row |= {"parent_account_id": "", "customer_id": ""}
    written(folder, table, row)
    at = datetime(2026, 2, 1, tzinfo=UTC)
    done = import_bundle(
        folder=folder, strict=False, at=at, actor=Actor("system", "test"),
        bar=lambda *_: None,
    )  # fmt: skip
    refused = [path.read_text() for path in folder.rglob(".rejected/*")]
    assert done.tables[table].accepted, refused
    text = everything(house)
    for name, column in known.items():
        secret = value_of(table, name, column)
        if protection(table, name) != PLAIN and len(secret) > 4:
            assert secret not in text, f"{table}.{name}"
    assert protection("usage", "ip") == HASHED
