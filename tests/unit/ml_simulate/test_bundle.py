"""The bundle has the columns and types that a provider's bundle has."""

import csv
import ipaddress
import json
import re
from itertools import pairwise

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

REQUIRED = {
    "accounts": "account_id created_at",
    "customers": "customer_id",
    "api_keys": "key_id account_id created_at",
    "payment_methods": "account_id fingerprint added_at",
    "usage": "event_id occurred_at account_id key_id model input_tokens output_tokens",
    "usage_window": "event_id account_id window_start window_s requests input_tokens"
    " output_tokens",
    "events": "event_id type occurred_at account_id data",
    "outcomes": "outcome_id account_id label source observed_at known_at",
    "provider": "kind at name",
}
ALLOWED = {
    "accounts": "account_id created_at kind plan channel email email_verified phone"
    " phone_verified name org_name org_domain registration_number declared_country"
    " declared_use_case address_line city region postal_code country signup_ip"
    " signup_user_agent signup_ja4 signup_device_id signup_timezone signup_locale"
    " signup_form_ms payment_type payment_fingerprint payment_bin payment_funding"
    " payment_country payer_name parent_account_id contract permitted_scope"
    " customer_id valid_from",
    "customers": "customer_id kind legal_name registration_number country"
    " verified_level beneficial_owners",
    "api_keys": "key_id account_id created_at revoked_at name scopes created_ip"
    " environment",
    "payment_methods": "account_id fingerprint added_at removed_at type bin funding"
    " country payer_name",
    "usage": "event_id occurred_at account_id key_id ip client surface model"
    " input_tokens output_tokens max_tokens status latency_ms conversation_id turn"
    " tools end_user scaffold sketch minhash category language_bucket signature_seen"
    " signature_made params schema tools_hash filler safety elicits retry_of",
    "usage_window": "event_id account_id window_start window_s requests input_tokens"
    " output_tokens keys ips asns clients models categories scaffolds status_429"
    " status_4xx status_5xx minutes_active max_per_minute ip_list asn_list client_list"
    " key_list minhash filler input_p50 output_p50 max_tokens_top",
    "events": "event_id type occurred_at account_id data",
    "outcomes": "outcome_id account_id label subtype source observed_at known_at ring"
    " supersedes",
    "provider": "kind at name until data",
}
HEX = ("scaffold", "sketch", "params", "schema", "tools_hash", "signature_made")
# names of archetypes that are kinds, plans, channels or scopes too
SAID_ANYWAY = {"enterprise", "gateway", "individual", "startup"}
ID = re.compile(r"[A-Za-z0-9_.:@-]{1,128}")
COUNTS = pa.map_(pa.string(), pa.int64())


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_columns_are_those_of_the_contract(tiny, name):
    table = tiny.table(name)

    assert set(table.columns) <= set(ALLOWED[name].split())
    for column in REQUIRED[name].split():
        assert table[column].null_count() == 0


def test_types_are_those_of_the_contract(tiny):
    usage = tiny.table("usage")
    window = pq.read_schema(tiny.folder / "bundle" / "usage_window.parquet")

    assert usage.schema["occurred_at"] == pl.Datetime("us", "UTC")
    assert usage.schema["minhash"] == usage.schema["filler"] == pl.List(pl.UInt32)
    assert usage.schema["input_tokens"] == pl.Int32
    for column in ("models", "categories", "scaffolds"):
        assert window.field(column).type == COUNTS


def test_ids_are_unique_and_well_formed(tiny):
    for name, column in (
        ("usage", "event_id"),
        ("events", "event_id"),
        ("usage_window", "event_id"),
        ("outcomes", "outcome_id"),
        ("api_keys", "key_id"),
        ("customers", "customer_id"),
    ):
        values = tiny.table(name)[column]
        assert values.n_unique() == len(values)
        assert all(ID.fullmatch(value) for value in values.head(200))


def test_sketch_columns_have_their_shapes(tiny):
    usage = tiny.table("usage")

    for column in HEX:
        assert usage[column].drop_nulls().str.contains(r"^[0-9a-f]{16}$").all()
    for column in ("minhash", "filler"):
        assert set(usage[column].drop_nulls().list.len()) == {16}


def test_facts_refer_to_accounts_and_keys_that_exist(tiny):
    accounts = set(tiny.table("accounts")["account_id"])
    for name in ("usage", "usage_window", "events", "outcomes", "api_keys"):
        assert set(tiny.table(name)["account_id"]) <= accounts
    assert set(tiny.table("accounts")["parent_account_id"].drop_nulls()) <= accounts
    created = tiny.table("api_keys").select("key_id", "created_at", "account_id")
    used = tiny.table("usage").join(created, on=["key_id", "account_id"], how="left")
    assert used["created_at"].null_count() == 0
    assert (used["occurred_at"] >= used["created_at"]).all()


def test_the_first_version_is_the_account_itself(tiny):
    versions = tiny.table("accounts")
    first = versions.sort("valid_from").group_by("account_id").first()

    assert (first["valid_from"] == first["created_at"]).all()
    assert versions.height > 1.3 * first.height
    assert (
        versions.group_by("account_id")
        .agg(pl.col("created_at").n_unique())["created_at"]
        .max()
        == 1
    )


def test_event_data_is_json_of_its_type(tiny):
    events = tiny.table("events")
    wanted = {
        "login": {"ip", "success", "mfa"},
        "payment.succeeded": {"fingerprint", "amount_minor", "currency"},
        "verification.completed": {"method", "result", "provider"},
        "action.taken": {"action"},
    }
    for kind, names in wanted.items():
        rows = events.filter(pl.col("type") == kind)["data"]
        assert len(rows)
        assert all(names <= set(json.loads(row)) for row in rows)


def test_windows_add_up(tiny):
    window = pq.read_table(tiny.folder / "bundle" / "usage_window.parquet")
    requests = window["requests"].to_pylist()
    for column in ("models", "categories", "scaffolds"):
        found = [sum(count for _, count in row) for row in window[column].to_pylist()]
        assert found == requests
    peaks = window["max_per_minute"].to_pylist()
    assert all(peak <= total for peak, total in zip(peaks, requests, strict=True))


def test_the_lookup_tables_know_the_world(tiny):
    folder = tiny.folder / "bundle" / "reference"
    with (folder / "ip_ranges.csv").open() as file:
        ranges = list(csv.DictReader(file))
    spans = [
        (int(ipaddress.ip_address(row["start"])), int(ipaddress.ip_address(row["end"])))
        for row in ranges
    ]
    assert spans == sorted(spans)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    addresses = tiny.table("usage")["ip"].unique().head(500)
    for text in addresses:
        number = int(ipaddress.ip_address(text))
        assert ipaddress.ip_address(text).is_global
        assert any(first <= number <= last for first, last in spans)
    with (folder / "bins.csv").open() as file:
        bins = {row["bin"]: row for row in csv.DictReader(file)}
    paid = tiny.table("accounts").drop_nulls("payment_bin")
    assert all(
        bins[number]["funding"] == funding
        for number, funding in paid.select("payment_bin", "payment_funding").iter_rows()
    )


def test_truth_is_nowhere_in_the_bundle(tiny):
    """No file or column of the bundle says what only the truth knows."""
    names = {path.name for path in (tiny.folder / "bundle").rglob("*")}
    assert not names & {"truth", "rings.parquet", "world.json"}
    rings = set(tiny.truth("rings")["ring"])
    archetypes = set(tiny.truth()["archetype"])
    for path in (tiny.folder / "bundle").glob("*.parquet"):
        table = pl.read_parquet(path)
        for column, kind in table.schema.items():
            if kind == pl.String:
                values = set(table[column].drop_nulls())
                assert not values & rings
                assert not values & (archetypes - SAID_ANYWAY)
