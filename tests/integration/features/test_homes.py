"""Who shares a card at home or in one organization counts for less, in both paths."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.customers import services as customers
from apps.customers.models import AccountValue
from apps.features import services
from apps.reference import services as reference
from apps.reference.services import store
from tests.integration.features.people import ENTRY, T, accounts, value

pytestmark = pytest.mark.django_db


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


def said(name: str, domain: str, address: str | None, **more: Any) -> dict[str, Any]:
    """Return the sign-up of somebody with a confirmed mailbox, on the one card."""
    return {
        **next(accounts()),
        "account_id": name,
        "email": f"{name}@{domain}",
        "email_verified": True,
        "org_domain": domain,
        "signup_ip": address,
        **more,
    }


def shared_in_both(at: Any) -> dict[str, float]:
    """Return how many others have each account's card, the same in both paths."""
    bulk = services.take_snapshots(as_of=at)
    for account in bulk.account_ids:
        now = services.ask_snapshot_now(account_id=account, as_of=at)()
        one = bulk.rows(np.array(bulk.account_ids) == account)
        assert np.array_equal(now.select(ENTRY), one.select(ENTRY), equal_nan=True)
    return {
        account: value(bulk, "shared_card_count_90d", account)
        for account in bulk.account_ids
    }


def test_who_shares_a_card_in_one_organization_is_left_out_in_both(
    db: None, lines: None
) -> None:
    """Three of a firm in rented networks; whoever only says so is a stranger."""
    rows = [
        said(name, "firm.example", f"192.0.2.{number}")
        for number, name in enumerate(("ann", "bob", "cem"))
    ]
    rows += [
        said("liar", "firm.example", "198.51.0.7", email="x@other.example"),
        said("unproven", "firm.example", "192.0.2.9", email_verified=False),
        said("mailer", "free.example", "198.51.0.7"),
        said("placeless", "firm.example", None),
    ]
    customers.put_accounts(rows=rows, source="bundle", at=T)
    assert shared_in_both(T) == {
        "ann": 3, "bob": 3, "cem": 3, "liar": 5, "unproven": 6, "mailer": 5,
        "placeless": 3,
    }  # fmt: skip
    day = timedelta(days=1)
    proof = {**rows[3], "email": "liar@firm.example", "valid_from": T + day}
    customers.put_accounts(rows=[proof], source="bundle", at=T + day)
    assert shared_in_both(T)["liar"] == 5
    assert shared_in_both(T + 2 * day)["liar"] == 2  # of six, four are colleagues


def test_nobody_of_a_large_organization_is_left_out(db: None, lines: None) -> None:
    """One domain is bought once; who has no known place has the benefit of doubt."""
    rows = [
        said(f"staff{number}", "firm.example", f"192.0.2.{number}" if number else None)
        for number in range(7)
    ]
    customers.put_accounts(rows=rows[:6], source="bundle", at=T)
    assert set(shared_in_both(T).values()) == {0}
    customers.put_accounts(rows=rows[6:], source="bundle", at=T)
    assert [*shared_in_both(T).values()] == [1, 6, 6, 6, 6, 6, 6]


def test_a_suffix_that_strangers_share_is_no_organization(
    db: None, lines: None
) -> None:
    rows = [
        said(name, "co.example", f"192.0.2.{number}", email=f"x@{name}.co.example")
        for number, name in enumerate(("left", "right"))
    ]
    customers.put_accounts(rows=rows, source="bundle", at=T)
    assert shared_in_both(T) == {"left": 1, "right": 1}
