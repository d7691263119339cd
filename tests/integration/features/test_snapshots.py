"""One account in the request equals the same account in bulk, bit by bit."""

import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from apps.audit.services import Actor
from apps.core.errors import NotFoundError
from apps.customers import services as customers
from apps.features import selectors, services
from apps.signals import services as signals
from ml.features import NAMES
from ml.features.catalogue import COLUMNS
from tests.integration.features.people import ENTRY, T, accounts, value

USAGE = tuple(item.name for item in COLUMNS if item.group == "usage")

pytestmark = pytest.mark.django_db


@pytest.fixture
def population(db: None) -> None:
    rows = list(accounts())
    # what is written after T, or about later, must not show
    later = {**rows[0], "email_verified": False, "valid_from": T + timedelta(days=1)}
    newcomer = {**rows[1], "account_id": "later", "created_at": T + timedelta(hours=1)}
    customers.put_accounts(
        rows=[*rows, later, newcomer], source="bundle", at=T + timedelta(days=9)
    )


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
    assert len(held) == 6
    assert all("account_id" in one or "value" in one for one in held)
