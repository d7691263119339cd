"""Bundles: every row once, bad rows named, and what is known at T only."""

import json
import random
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from apps.audit.models import Entry
from apps.customers.models import Account, AccountValue
from apps.signals.errors import BundleRefusedError
from apps.signals.models import Event, ImportedFile, LakeFile, Outcome
from apps.signals.selectors import facts_digest, open_engine
from ml.schema import TABLES
from tests.integration.signals import bundles
from tests.integration.signals.bundles import AT

pytestmark = pytest.mark.django_db


def counts(report, table="usage"):
    one = report.tables[table]
    return one.accepted, one.duplicates, one.rejected


def rejects(folder: Path, name: str) -> list[tuple[int, str, str]]:
    lines = (folder / ".rejected" / f"{name}.ndjson").read_text().splitlines()
    read = [json.loads(line) for line in lines]
    return [(row["line"], row["field"], row["code"]) for row in read]


def test_a_bundle_of_every_form_is_loaded_and_again_changes_nothing(load, tmp_path):
    folder = bundles.write_world(tmp_path / "bundle")
    first = load(folder)
    assert {table: counts(first, table) for table in first.tables} == {
        "provider": (1, 0, 0),
        "accounts": (24, 0, 0),
        "events": (30, 0, 0),
        "usage": (600, 0, 0),
        "usage_window": (40, 0, 0),
        "outcomes": (6, 0, 0),
    }
    state = (facts_digest(AT), LakeFile.objects.count(), Entry.objects.count())
    second = load(folder)
    assert all(one.accepted == one.rejected == 0 for one in second.tables.values())
    assert counts(second) == (0, 600, 0)
    assert state == (facts_digest(AT), LakeFile.objects.count(), Entry.objects.count())


def test_every_file_and_every_outcome_is_in_the_log(load, tmp_path):
    load(bundles.write_world(tmp_path / "bundle"))
    imported = Entry.objects.filter(kind="signals.file.imported")
    assert (
        imported.count() == ImportedFile.objects.exclude(finished_at=None).count() == 7
    )
    assert Entry.objects.filter(kind="signals.outcome.recorded").count() == 1


def test_no_raw_address_reaches_lake_or_tables(load, lake, tmp_path):
    load(bundles.write_world(tmp_path / "bundle"))
    rows = duckdb.sql(f"SELECT DISTINCT ip, net FROM '{lake}/usage/*/*.parquet'")
    assert all(len(ip) == len(net) == 24 for ip, net in rows.fetchall())
    assert not Event.objects.filter(ip__contains=".").exists()
    assert not AccountValue.objects.filter(value__contains=".").exists()


def test_values_of_logins_can_be_shared(load, tmp_path):
    load(bundles.write_world(tmp_path / "bundle"))
    kinds = AccountValue.objects.filter(account__account_id="acc-1")
    assert {"ip", "net", "device"} <= set(kinds.values_list("kind", flat=True))
    devices = AccountValue.objects.filter(kind="device").values("value").distinct()
    assert devices.count() < AccountValue.objects.filter(kind="device").count()


BAD = [
    ({"input_tokens": "7"}, "input_tokens", "wrong_type"),
    ({"account_id": None}, "account_id", "missing_field"),
    ({"category": "poetry"}, "category", "unknown_value"),
    ({"model": "a\0b"}, "model", "nul_not_allowed"),
    ({"output_tokens": 2**40}, "output_tokens", "number_out_of_range"),
    ({"occurred_at": "2026-03-01 10:00"}, "occurred_at", "bad_timestamp"),
    ({"occurred_at": "2027-01-01T00:00:00Z"}, "occurred_at", "event_time_out_of_range"),
    ({"ip": "300.1.1.1"}, "ip", "bad_ip"),
    ({"minhash": [1, 2]}, "minhash", "number_out_of_range"),
    ({"account_id": "nobody"}, "account_id", "unknown_account"),
]


def test_bad_rows_are_named_and_good_ones_stay(load, people, tmp_path):
    rows = [bundles.plain(row) for row in bundles.usage(len(BAD) + 5)]
    for place, (change, *_) in enumerate(BAD):
        rows[place] |= change
    bundles.write_ndjson(tmp_path / "b" / "usage.ndjson", rows)
    with (tmp_path / "b" / "usage.ndjson").open("ab") as file:
        file.write(b'{"event_id": NaN}\n{"a":' + b"[" * 5000 + b"\n\xff\n")
    report = load(tmp_path / "b")
    assert counts(report) == (5, 0, len(BAD) + 3)
    found = sorted(rejects(tmp_path / "b", "usage.ndjson"))
    named = [(at + 1, field, code) for at, (_, field, code) in enumerate(BAD)]
    assert found[: len(BAD)] == named
    assert [code for *_, code in found[len(BAD) :]] == [
        "not_json_number",
        "too_deep",
        "not_utf8",
    ]
    text = (tmp_path / "b" / ".rejected" / "usage.ndjson.ndjson").read_text()
    assert not any(value in text for value in ("poetry", "300.1.1.1", "nobody"))


def test_strict_refuses_all_for_one_bad_row(load, lake, tmp_path):
    folder = bundles.write_world(tmp_path / "bundle")
    bundles.write_lines(folder / "customers.ndjson", [b'{"customer_id": 7}'])
    with pytest.raises(BundleRefusedError):
        load(folder, strict=True)
    assert not Account.objects.exists()
    assert not LakeFile.objects.exists()
    assert rejects(folder, "customers.ndjson") == [(1, "customer_id", "wrong_type")]
    (folder / "customers.ndjson").unlink()
    assert counts(load(folder, strict=True)) == (600, 0, 0)


def test_a_fact_is_stored_once_across_files_and_bundles(load, people, tmp_path):
    rows = bundles.usage(300)
    chance = random.Random(5)
    shuffled = [*rows, *rows[:100], *rows[50:150]]
    chance.shuffle(shuffled)
    changed = [row | {"output_tokens": 5000} for row in rows[:20]]
    bundles.write_parquet(tmp_path / "b" / "usage" / "1.parquet", shuffled[:250])
    bundles.write_ndjson(tmp_path / "b" / "usage" / "2.ndjson", shuffled[250:])
    bundles.write_ndjson(tmp_path / "b" / "usage" / "3.ndjson", changed)
    assert counts(load(tmp_path / "b")) == (300, 200, 20)
    moved = [row | {"occurred_at": AT - timedelta(days=3)} for row in rows[20:30]]
    bundles.write_ndjson(tmp_path / "c" / "usage.ndjson", [*rows, *changed, *moved])
    assert counts(load(tmp_path / "c")) == (0, 300, 30)
    assert {code for *_, code in rejects(tmp_path / "c", "usage.ndjson")} == {
        "event_conflict"
    }
    with open_engine(as_of=AT) as engine:
        known = engine.arrow("SELECT count(*) n, count(DISTINCT event_id) d FROM usage")
    assert known.to_pylist() == [{"n": 300, "d": 300}]


def test_equal_events_and_outcomes_are_duplicates_and_others_conflicts(
    load, people, tmp_path
):
    events, outcomes = bundles.events(10), bundles.outcomes(3)
    other = [events[0] | {"data": {"success": False}}]
    bundles.write_ndjson(tmp_path / "b" / "events.ndjson", [*events, *events, *other])
    changed = [outcomes[0] | {"label": "chargeback"}]
    bundles.write_ndjson(tmp_path / "b" / "outcomes.ndjson", [*outcomes, *changed])
    report = load(tmp_path / "b")
    assert counts(report, "events") == (10, 10, 1)
    assert counts(report, "outcomes") == (3, 0, 1)
    assert Outcome.objects.get(outcome_id="out-0").label == "confirmed_legitimate"


def test_a_final_snapshot_is_marked(load, tmp_path):
    rows = [row for row in bundles.accounts() if row["plan"] == "free"]
    for row in rows:
        row.pop("valid_from")
    bundles.write_parquet(tmp_path / "b" / "accounts.parquet", rows)
    report = load(tmp_path / "b")
    assert any("snapshot" in warning for warning in report.warnings)
    with open_engine(as_of=AT) as engine:
        found = engine.arrow("SELECT DISTINCT history FROM accounts").to_pylist()
    assert found == [{"history": "unknown"}]


def test_an_unknown_column_is_a_warning(load, people, tmp_path):
    rows = [row | {"mood": "fine"} for row in bundles.usage(3)]
    bundles.write_parquet(tmp_path / "b" / "usage.parquet", rows)
    report = load(tmp_path / "b")
    assert report.warnings == ["usage.parquet: unknown column mood"]


def test_rows_that_lacked_their_account_come_in_with_it(load, tmp_path):
    bundles.write_ndjson(tmp_path / "b" / "usage.ndjson", bundles.usage(20))
    assert counts(load(tmp_path / "b")) == (0, 0, 20)
    bundles.write_ndjson(tmp_path / "b" / "accounts.ndjson", bundles.accounts())
    assert counts(load(tmp_path / "b")) == (20, 0, 0)
    assert not (tmp_path / "b" / ".rejected" / "usage.ndjson.ndjson").exists()


def test_later_facts_never_change_an_earlier_answer(load, tmp_path):
    """Load a world without what happens after T; then the rest: T looks the same."""
    as_of = bundles.START + timedelta(days=3, hours=1)
    early, late = tmp_path / "early", tmp_path / "late"
    times = {
        "accounts": ("valid_from", bundles.accounts()),
        "usage": ("occurred_at", bundles.usage(200)),
        "usage_window": ("window_start", bundles.windows()),
        "events": ("occurred_at", bundles.events()),
        "outcomes": ("known_at", bundles.outcomes()),
    }
    for table, (time, rows) in times.items():
        before = [row for row in rows if row[time] <= as_of]
        after = [row for row in rows if row[time] > as_of]
        for folder, some in ((early, before), (late, after)):
            if some:
                bundles.write_ndjson(folder / f"{table}.ndjson", some)
    load(early)
    known, digest = everything(as_of), facts_digest(as_of)
    load(late)
    assert everything(as_of) == known
    assert facts_digest(as_of) == digest
    assert facts_digest(AT) != digest
    assert len(known["usage"]) > 10


def everything(as_of) -> dict[str, list]:
    with open_engine(as_of=as_of) as engine:
        return {
            name: engine.arrow(f"SELECT * FROM {name} ORDER BY ALL").to_pylist()
            for name in TABLES
        }


def test_the_engine_keeps_to_the_accounts_it_is_given(load, tmp_path):
    load(bundles.write_world(tmp_path / "bundle"))
    with open_engine(as_of=AT, account_ids=["acc-1", "acc-2"]) as engine:
        for name in set(TABLES) - {"provider", "api_keys", "payment_methods"}:
            found = engine.arrow(f"SELECT DISTINCT account_id FROM {name}").to_pylist()
            assert {row["account_id"] for row in found} == {"acc-1", "acc-2"}, name
    with open_engine(as_of=AT, account_ids=[]) as engine:
        assert engine.table("usage").count().execute() == 0


def test_a_window_is_known_when_it_has_ended(load, people, tmp_path):
    bundles.write_parquet(tmp_path / "b" / "usage_window.parquet", bundles.windows(1))
    load(tmp_path / "b")
    start = bundles.windows(1)[0]["window_start"]
    for minutes, rows in ((59, 0), (60, 1)):
        with open_engine(as_of=start + timedelta(minutes=minutes)) as engine:
            assert engine.table("usage_window").count().execute() == rows
