"""Counts of shared values against brute force, and what is said of common ones."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.services import Actor
from apps.core.validation import validate_rows
from apps.customers import services as customers
from apps.signals.selectors import velocity
from apps.signals.services.outcomes import put_outcomes

pytestmark = pytest.mark.django_db
T = datetime(2026, 4, 1, tzinfo=UTC)
LENGTHS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "90d": timedelta(days=90),
}
BAD, GOOD = {"confirmed_abuse", "chargeback"}, {"confirmed_legitimate", "appeal_upheld"}


def people(count: int) -> None:
    born = (T - timedelta(days=200)).isoformat()
    rows = [{"account_id": f"a{n}", "created_at": born} for n in range(count)]
    good = validate_rows("accounts", rows, as_of=T).good
    customers.put_accounts(rows=good, source="bundle", at=T)


def brute(who, values, outcomes):
    """Return {(kind, value): (counts, bad, good)} by looking at every row."""
    seen = {
        (name, kind, value, at)
        for name, kind, value, at, known in values
        if at <= T and known <= T
    }
    own = {(kind, value) for name, kind, value, _ in seen if name == who}
    in_order = sorted(outcomes, key=lambda one: one[2])
    latest = {name: label for name, label, known in in_order if known <= T}
    found = []
    for key in own:
        others = [
            (name, at)
            for name, kind, value, at in seen
            if (kind, value) == key and name != who and at > T - LENGTHS["90d"]
        ]
        names = {name for name, _ in others}
        if names:
            counts = {
                window: len({name for name, at in others if at > T - length})
                for window, length in LENGTHS.items()
            }
            bad = sum(latest.get(name) in BAD for name in names)
            good = sum(latest.get(name) in GOOD for name in names)
            found.append((key[0], counts, False, bad, good))
    return found


def sights(chance: random.Random) -> list[tuple]:
    """Return account, kind, value, seen_at, recorded_at around the edges of windows."""
    found = []
    for _ in range(120):
        hours = chance.choice([-1, 0, 0.5, 1, 23, 24, 100, 2159, 2161])
        at = T - timedelta(hours=hours)
        known = at + timedelta(hours=chance.choice([0, 0, 50]))
        kind = chance.choice(["device", "card", "net"])
        name = f"a{chance.randrange(12)}"
        found.append((name, kind, f"v{chance.randrange(4)}", at, known))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_one_query_says_what_brute_force_says(seed):
    chance = random.Random(seed)
    people(12)
    customers.put_values(rows=sights(chance))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.account_id, v.kind, v.value, v.seen_at, v.recorded_at"
            " FROM customers_accountvalue v JOIN customers_account a"
            " ON a.id = v.account_id"
        )
        stored = cursor.fetchall()
    labels = sorted(BAD | GOOD | {"inconclusive"})
    rows = [
        {
            "outcome_id": f"o{number}",
            "account_id": f"a{chance.randrange(12)}",
            "label": chance.choice(labels),
            "source": "investigation",
            "observed_at": T - timedelta(days=9),
            "known_at": T + timedelta(hours=chance.randrange(-99, 9), seconds=number),
            "subtype": None,
            "ring": None,
            "supersedes": None,
        }
        for number in range(15)
    ]
    keys = dict(_ids())
    put_outcomes(rows=rows, account_keys=keys, at=T, actor=Actor("system", "test"))
    outcomes = [(row["account_id"], row["label"], row["known_at"]) for row in rows]
    for number in range(12):
        with CaptureQueriesContext(connection) as queries:
            found = velocity.shared_values(account_id=f"a{number}", as_of=T)
        assert len(queries) == 1
        told = [(s.kind, s.accounts, s.floor, s.bad, s.good) for s in found]
        wanted = brute(f"a{number}", stored, outcomes)
        assert sorted(told, key=str) == sorted(wanted, key=str)


def _ids() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_id, id FROM customers_account")
        return cursor.fetchall()


def test_of_a_very_common_value_the_counts_are_a_floor(monkeypatch):
    people(velocity.CAP + 20)
    at = T - timedelta(hours=2)
    customers.put_values(
        rows=[(f"a{n}", "net", "campus", at, at) for n in range(velocity.CAP + 20)]
    )
    [shared] = velocity.shared_values(account_id="a0", as_of=T)
    assert shared.floor
    assert shared.accounts == {
        "1h": 0,
        "24h": velocity.CAP,
        "7d": velocity.CAP,
        "90d": velocity.CAP,
    }


def test_a_stranger_shares_nothing():
    assert velocity.shared_values(account_id="nobody", as_of=T) == []
