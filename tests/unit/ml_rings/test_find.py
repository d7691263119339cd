"""A campaign is found; the campus, the office and the popular framework are not."""

from datetime import timedelta

import numpy as np
import pytest

from ml.rings.find import find
from ml.rings.place import place
from tests import canonical
from tests.unit.ml_rings.world import (
    AS_OF,
    NEW,
    OLD,
    World,
    account,
    exchange,
    ringed,
    value,
)


def test_a_campaign_is_found_whole_and_alone():
    world = World()
    pool = world.campaign()
    rings, links = find(world.backend(), as_of=AS_OF)
    assert links > 2000
    assert [len(ring.members) for ring in rings] == [len(pool)]
    [ring] = rings
    assert {member.account_id for member in ring.members} == set(pool)
    assert set(ring.views) == {"device", "payment", "shape", "work"}
    assert ring.probability > 0.9
    assert {member.level for member in ring.members} == {"core"}


def test_terms_add_up_to_the_log_odds():
    world = World()
    world.campaign()
    [ring] = find(world.backend(), as_of=AS_OF)[0]
    assert ring.log_odds == pytest.approx(sum(term.log_odds for term in ring.terms))
    assert ring.probability == pytest.approx(1 / (1 + np.exp(-ring.log_odds)))


def test_a_campus_behind_one_network_is_no_ring():
    world = World()
    world.campus()
    assert ringed(world) == set()


def test_the_campus_beside_a_campaign_stays_out():
    world = World()
    pool = set(world.campaign())
    world.campus()
    assert ringed(world) == pool


def test_one_shared_view_links_nobody():
    world = World()
    for at in range(40):
        name = f"family-{at}"
        world.accounts.append(account(name, NEW))
        world.values.append(value(name, "card", "one-card", NEW))
    assert ringed(world, least=0.0) == set()


def test_a_popular_framework_is_no_ring():
    """Ten in a hundred old accounts use the same scaffold and client."""
    world = World()
    for at in range(60):
        for number in range(3):
            moment = OLD + timedelta(hours=number)
            columns = {"scaffold": "5caff01d00000003"}
            world.usage.append(exchange(f"honest-{at:04}", number, moment, **columns))
    for at in range(100):
        name = f"newcomer-{at}"
        world.accounts.append(account(name, NEW))
        world.values.append(value(name, "ja4", "ja4-1", NEW))
        for number in range(3):
            moment = NEW + timedelta(hours=number + at)
            columns = {"scaffold": "5caff01d00000003"}
            world.usage.append(exchange(name, number, moment, **columns))
    assert ringed(world, least=0.0) == set()


def test_a_household_stays_below_review():
    """Five people with one card, one device and one network, each with own habits."""
    world = World()
    for at in range(5):
        name = f"home-{at}"
        world.accounts.append(account(name, NEW))
        for kind in ("card", "device", "net", "address"):
            world.values.append(value(name, kind, f"home-{kind}", NEW))
    assert ringed(world, least=0.4) == set()


def test_one_declared_organization_is_no_ring():
    world = World()
    pool = world.campaign()
    for row in world.accounts:
        if row["account_id"] in pool:
            row["customer_id"] = "one-company"
    assert ringed(world) == set()


def test_confirmed_members_raise_the_ring():
    world = World()
    pool = world.campaign()
    labels = [
        {
            "account_id": name,
            "outcome_id": name,
            "label": "confirmed_legitimate",
            "source": "investigation",
            "observed_at": NEW,
            "known_at": NEW,
        }
        for name in pool[:6]
    ]
    [plain] = find(world.backend(), as_of=AS_OF)[0]
    tables = {"accounts": world.accounts, "account_values": world.values}
    cleared = canonical.backend(**tables, usage=world.usage, outcomes=labels)
    [ring] = find(cleared, as_of=AS_OF)[0]
    assert ring.log_odds < plain.log_odds
    for row in labels:
        row["label"] = "confirmed_abuse"
    accused = canonical.backend(**tables, usage=world.usage, outcomes=labels)
    [ring] = find(accused, as_of=AS_OF)[0]
    assert ring.log_odds > plain.log_odds


def test_the_order_of_rows_changes_nothing():
    world = World()
    world.campaign()
    world.campus()
    before = find(world.backend(), as_of=AS_OF)
    for rows in (world.accounts, world.values, world.usage):
        world.random.shuffle(rows)
    assert find(world.backend(), as_of=AS_OF) == before


def test_an_empty_site_has_no_rings():
    assert find(canonical.backend(), as_of=AS_OF) == ([], 0)


def test_a_lone_view_adds_nothing_to_an_account():
    assert place([("network", 40.0)]) == ("periphery", 0.0, ("network",))


def test_tenure_keeps_an_account_at_the_periphery():
    shared = [("device", 34.0), ("payment", 34.0), ("shape", 34.0)]
    assert place(shared)[0] == "core"
    assert place(shared, tenured=True)[:2] == ("periphery", 0.3)


def test_agreement_grows_with_every_view():
    shared = [("device", 30.0), ("payment", 30.0), ("shape", 30.0)]
    steps = [place(shared[: count + 1])[1] for count in range(3)]
    assert steps[0] == 0 < steps[1] < steps[2]
    assert place([*shared[:2], ("device", 10.0)])[1] == steps[1]
