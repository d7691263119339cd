"""One account in the request equals the same account in bulk, bit by bit."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection

from apps.audit.services import Actor
from apps.core.errors import NotFoundError
from apps.customers import services as customers
from apps.customers.models import AccountValue
from apps.features import selectors, services
from apps.reference import services as reference
from apps.reference.services import store
from apps.signals import services as signals
from ml.features import FEATURES, NAMES
from ml.features.catalogue import COLUMNS
from ml.frames import FeatureFrame

T = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = tuple(feature.name for feature in FEATURES if feature.group == "entry")
USAGE = tuple(item.name for item in COLUMNS if item.group == "usage")

pytestmark = pytest.mark.django_db


def accounts() -> Iterator[Mapping[str, Any]]:
    """Forty sign-ups over 100 days that share cards, devices and phones."""
    for number in range(40):
        yield {
            "account_id": f"account-{number:02}",
            "created_at": T - timedelta(days=2.5 * number, hours=1),
            "email": f"person{number % 4:02}@example{number % 3}.com",
            "email_verified": number % 2 == 0,
            "phone": f"+4930123{number % 7:04}",
            "declared_country": "DE" if number % 3 else "FR",
            "payment_country": "DE",
            "payment_type": "card",
            "payment_fingerprint": f"card-{number % 5}",
            "payment_funding": "prepaid" if number % 4 == 0 else None,
            "signup_ip": f"198.51.{number}.7",
            "signup_device_id": f"device-{number % 9}" if number % 2 else None,
            "signup_form_ms": 900 * number,
            "contract": number == 7,
        }


@pytest.fixture
def population(db: None) -> None:
    rows = list(accounts())
    # what is written after T, or about later, must not show
    later = {**rows[0], "email_verified": False, "valid_from": T + timedelta(days=1)}
    newcomer = {**rows[1], "account_id": "later", "created_at": T + timedelta(hours=1)}
    customers.put_accounts(
        rows=[*rows, later, newcomer], source="bundle", at=T + timedelta(days=9)
    )


@pytest.fixture
def lines(db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Know one block of addresses as homes and one as a cloud's, and no other."""
    settings.KYCRISK_REFERENCE = tmp_path / "store"
    store._cache.store = None
    (tmp_path / "ip_ranges.csv").write_text(
        "start,end,asn,as_name,country,class\n"
        "192.0.2.0,192.0.2.255,64500,Example Cloud,DE,hosting\n"
        "198.51.0.0,198.51.255.255,64501,Example Fiber,DE,residential\n"
    )
    (tmp_path / "email_domains.csv").write_text("domain,class\nfree.example,free\n")
    reference.refresh_reference(folder=tmp_path, at=T - timedelta(days=200))
    yield
    store._cache.store = None


def record_usage() -> None:
    rows = [
        {
            "event_id": f"e-{number}",
            "account_id": "account-03",
            "key_id": "key",
            "occurred_at": (T - timedelta(minutes=30 * number)).isoformat(),
            "model": "m",
            "input_tokens": 10,
            "output_tokens": number,
            "ip": "198.51.100.3",
            "elicits": "reasoning" if number % 3 else "none",
        }
        for number in range(1, 100)
    ]
    report = signals.record_batch(
        rows=list(enumerate(rows)),
        report=signals.BatchReport(),
        at=T,
        actor=Actor("system", "test"),
        request_id=None,
    )
    assert report.accepted == len(rows)


def value(frame: FeatureFrame, name: str, account: str) -> float:
    return float(frame.column(name)[frame.account_ids.index(account)])


def test_request_and_bulk_agree_on_every_entry_feature(population: None) -> None:
    bulk = services.take_snapshots(as_of=T)
    assert bulk.account_ids == tuple(f"account-{number:02}" for number in range(40))
    single = [
        services.ask_snapshot_now(account_id=account, as_of=T)().select(ENTRY)
        for account in bulk.account_ids
    ]
    assert np.array_equal(np.concatenate(single), bulk.select(ENTRY), equal_nan=True)
    shared = bulk.column("shared_card_count_90d")
    assert shared[0] == 7  # eight accounts have the card, all within 90 days of T
    assert np.nanmax(bulk.column("shared_device_count_90d")) > 0


def test_another_account_counts_once_however_often_it_was_seen(
    population: None,
) -> None:
    name, other = "account-03", "account-04"
    seen = [(name, 9), (other, 5), (other, 6), (other, 7)]
    for account, days in seen:
        at = T - timedelta(days=days)
        customers.put_values(rows=[(account, "card", "f" * 24, at, at)])
    only = {**next(accounts()), "account_id": "lonely", "payment_fingerprint": None}
    customers.put_accounts(rows=[only], source="bundle", at=T)
    at = T - timedelta(days=1)
    customers.put_values(rows=[("lonely", "card", "f" * 24, at, at)])
    bulk = services.take_snapshots(as_of=T, account_ids=["lonely"])
    now = services.ask_snapshot_now(account_id="lonely", as_of=T)()
    assert value(bulk, "shared_card_count_90d", "lonely") == 2
    assert value(now, "shared_card_count_90d", "lonely") == 2


def test_who_shares_a_card_at_home_is_left_out_in_both(db: None, lines: None) -> None:
    """Six of one home, two of another, and who lives nowhere that is known."""
    homes = {
        "eve": 1, "adam": 1, "cain": 2, "abel": 2, "seth": 3,
        **{f"lodger{number}": 4 for number in range(8)},
    }  # fmt: skip
    rows = [
        {**next(accounts()), "account_id": name, "signup_ip": f"198.51.{home}.{number}"}
        for number, (name, home) in enumerate(homes.items())
    ]
    rows.append({**rows[0], "account_id": "server", "signup_ip": "192.0.2.7"})
    rows.append({**rows[0], "account_id": "unknown", "signup_ip": "203.0.113.7"})
    rows.append({**rows[0], "account_id": "unknown-too", "signup_ip": "203.0.113.8"})
    rows.append({**rows[0], "account_id": "silent", "signup_ip": None})
    customers.put_accounts(rows=rows, source="bundle", at=T)
    # eve moves in with her son, and is told of again without her address
    at = T - timedelta(minutes=30)
    [there] = AccountValue.objects.filter(account__account_id="cain", kind="net")
    customers.put_values(rows=[("eve", "net", there.value, at, at)])
    again = {**rows[0], "signup_ip": None, "email_verified": False, "valid_from": at}
    customers.put_accounts(rows=[again], source="bundle", at=T)
    bulk = services.take_snapshots(as_of=T)
    shared = {
        account: value(bulk, "shared_card_count_90d", account)
        for account in bulk.account_ids
        if not account.startswith("lodger")
    }
    assert shared == {
        "eve": 15, "adam": 15, "cain": 15, "abel": 15, "seth": 16, "server": 16,
        "unknown": 15, "unknown-too": 15, "silent": 11,
    }  # fmt: skip
    assert value(bulk, "shared_card_count_90d", "lodger0") == 11  # five of seven
    some = services.take_snapshots(as_of=T, account_ids=["eve", "silent"])
    assert value(some, "shared_card_count_90d", "eve") == 15
    assert value(some, "shared_card_count_90d", "silent") == 11
    for account in bulk.account_ids:
        now = services.ask_snapshot_now(account_id=account, as_of=T)()
        one = bulk.rows(np.array(bulk.account_ids) == account)
        assert np.array_equal(now.select(ENTRY), one.select(ENTRY), equal_nan=True)


def test_who_shares_a_card_in_one_organization_is_left_out_in_both(
    db: None, lines: None
) -> None:
    """Three of a firm in rented networks; whoever only says so is a stranger."""
    first = next(accounts())
    said = {**first, "org_domain": "firm.example", "email_verified": True}
    rows = [
        {
            **said,
            "account_id": name,
            "email": f"{name}@firm.example",
            "signup_ip": f"192.0.2.{number}",
        }
        for number, name in enumerate(("ann", "bob", "cem"))
    ]
    rows += [
        {**said, "account_id": "liar", "email": "x@other.example"},
        {**rows[0], "account_id": "unproven", "email_verified": False},
        {**said, "account_id": "mailer", "email": "x@free.example",
         "org_domain": "free.example"},
        {**rows[0], "account_id": "placeless", "signup_ip": None},
    ]  # fmt: skip
    customers.put_accounts(rows=rows, source="bundle", at=T)
    bulk = services.take_snapshots(as_of=T)
    shared = {
        account: value(bulk, "shared_card_count_90d", account)
        for account in bulk.account_ids
    }
    assert shared == {
        "ann": 3, "bob": 3, "cem": 3, "liar": 5, "unproven": 6, "mailer": 5,
        "placeless": 3,
    }  # fmt: skip
    for account in bulk.account_ids:
        now = services.ask_snapshot_now(account_id=account, as_of=T)()
        one = bulk.rows(np.array(bulk.account_ids) == account)
        assert np.array_equal(now.select(ENTRY), one.select(ENTRY), equal_nan=True)


def test_some_accounts_see_the_links_to_all_others(population: None) -> None:
    chosen = ["account-03", "account-11"]
    some = services.take_snapshots(as_of=T, account_ids=chosen)
    everybody = services.take_snapshots(as_of=T)
    assert some.account_ids == tuple(chosen)
    kept = np.isin(np.array(everybody.account_ids), chosen)
    assert np.array_equal(some.values, everybody.values[kept], equal_nan=True)


def test_the_request_reads_what_the_last_run_has_stored(population: None) -> None:
    record_usage()
    assert not services.ask_snapshot_now(account_id="account-03", as_of=T)().has_usage[
        0
    ]
    for group in ("payment", "network", "usage"):
        services.compute_signals(group=group, as_of=T)
    bulk = services.take_snapshots(as_of=T, account_ids=["account-03"])
    now = services.ask_snapshot_now(account_id="account-03", as_of=T)()
    assert bulk.has_usage[0]
    assert now.has_usage[0]
    assert np.array_equal(now.values, bulk.values, equal_nan=True)
    assert value(now, "request_count_7d", "account-03") == 99
    assert not services.ask_snapshot_now(account_id="account-04", as_of=T)().has_usage[
        0
    ]


def test_stored_signals_of_later_are_not_known_before(population: None) -> None:
    record_usage()
    services.compute_signals(group="usage", as_of=T)
    before = services.ask_snapshot_now(
        account_id="account-03", as_of=T - timedelta(seconds=1)
    )()
    assert np.isnan(before.select(USAGE)).all()


def test_a_late_run_never_replaces_a_newer_one(population: None) -> None:
    record_usage()
    assert services.compute_signals(group="usage", as_of=T) == {"accounts": 1}
    services.compute_signals(group="usage", as_of=T - timedelta(days=1))
    now = services.ask_snapshot_now(account_id="account-03", as_of=T)()
    assert value(now, "request_count_7d", "account-03") == 99


def test_an_account_that_is_not_known_has_no_snapshot(population: None) -> None:
    with pytest.raises(NotFoundError):
        services.ask_snapshot_now(account_id="later", as_of=T)()
    with pytest.raises(NotFoundError):
        services.ask_snapshot_now(account_id="nobody", as_of=T)()


def test_an_engine_of_another_moment_is_refused(population: None) -> None:
    from apps.signals.selectors import open_engine

    with open_engine(as_of=T) as engine, pytest.raises(ValueError, match="moment"):
        services.take_snapshots(as_of=T - timedelta(days=1), engine=engine)


def test_one_account_takes_one_query(
    population: None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        frame = services.ask_snapshot_now(account_id="account-03", as_of=T)()
    assert frame.names == NAMES


def test_a_plan_for_any_account_walks_through_no_table(population: None) -> None:
    """psycopg's prepared statement keeps a plan that was made without the values."""
    types = "timestamptz, text, text[], text, text[], text[]"
    nothing = "now(), 'account-03', '{}', '', '{}', '{}'"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_accountvalue"
            " (account_id, kind, value, seen_at, recorded_at)"
            " SELECT id, kind, kind || n || id, %(t)s, %(t)s FROM customers_account,"
            " generate_series(1, 60) AS n, unnest(ARRAY['net', 'card', 'ja4']) AS kind",
            {"t": T - timedelta(days=1)},
        )
        cursor.execute("ANALYZE customers_account, customers_accountvalue")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute("SET LOCAL enable_seqscan = off")  # the tables are small
        cursor.execute(f"PREPARE asked ({types}) AS {selectors._CURRENT_SQL}")
        cursor.execute(f"EXPLAIN EXECUTE asked ({nothing})")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE asked")
    assert "Hash" not in plan  # whoever is hashed was read as a whole
    conditions = re.findall(r"Index Cond: \((.*)\)", plan)
    held = [one for one in conditions if "kind" in one]
    assert len(held) == 5
    assert all("account_id" in one or "value" in one for one in held)
