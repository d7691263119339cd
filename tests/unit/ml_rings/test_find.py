"""A campaign is found; the campus, the office and the popular framework are not."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ml.rings.find import find
from ml.rings.place import place
from tests import canonical

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
OLD, NEW = AS_OF - timedelta(days=120), AS_OF - timedelta(days=10)


def account(account_id: str, created: datetime, **facts: object) -> dict:
    return {
        "account_id": account_id,
        "created_at": created,
        "recorded_at": created,
        "email_verified": True,
        **facts,
    }


def value(account_id: str, kind: str, text: str, at: datetime) -> dict:
    return {
        "account_id": account_id,
        "kind": kind,
        "value": text,
        "seen_at": at,
        "recorded_at": at,
    }


def exchange(account_id: str, number: int, at: datetime, **columns: object) -> dict:
    return {
        "account_id": account_id,
        "event_id": f"{account_id}-{number}",
        "occurred_at": at,
        "recorded_at": at,
        "key_id": account_id,
        "model": "m",
        **columns,
    }


class World:
    """An honest population of old accounts; tests add their own groups."""

    def __init__(self, honest: int = 600) -> None:
        self.random = np.random.default_rng(5)
        self.accounts: list[dict] = []
        self.values: list[dict] = []
        self.usage: list[dict] = []
        for at in range(honest):
            name = f"honest-{at:04}"
            self.accounts.append(account(name, OLD))
            self.values += [
                value(name, "card", f"card-{at}", OLD),
                value(name, "device", f"device-{at}", OLD),
                value(name, "ja4", f"ja4-{at % 5}", OLD),
                value(name, "net", f"net-{at % 90}", OLD),
            ]

    def backend(self):
        return canonical.backend(
            accounts=self.accounts, account_values=self.values, usage=self.usage
        )

    def campaign(self, size: int = 24) -> list[str]:
        """Shared device image and BIN runs; one scaffold, fillers never repeated."""
        names = [f"pool-{at:03}" for at in range(size)]
        for at, name in enumerate(names):
            self.accounts.append(account(name, NEW))
            self.values += [
                value(name, "device", f"image-{at % 3}", NEW),
                value(name, "bin_day", f"bin-{at % 2}", NEW),
            ]
            for number in range(12):
                moment = NEW + timedelta(hours=5 * number + at % 4)
                filler = [int(x) for x in self.random.integers(0, 2**32, 16)]
                columns = {"scaffold": "5caff01d00000001", "filler": filler}
                self.usage.append(exchange(name, number, moment, **columns))
        return names

    def campus(self, size: int = 80) -> list[str]:
        """One network and one homework; own cards and devices; a heavy-tailed split."""
        names = [f"student-{at:03}" for at in range(size)]
        fillers = [[at] * 16 for at in range(30)]
        for at, name in enumerate(names):
            self.accounts.append(account(name, NEW, email_class="education"))
            self.values += [
                value(name, "card", f"student-card-{at}", NEW),
                value(name, "device", f"laptop-{at}", NEW),
            ]
            for number in range(int(self.random.pareto(1.1) * 4) + 2):
                columns = {
                    "scaffold": "5caff01d00000002",
                    "filler": fillers[number % 30],
                    "net": "campus-net",
                    "ip_class": "education",
                }
                moment = NEW + timedelta(hours=number)
                self.usage.append(exchange(name, number, moment, **columns))
        return names


def ringed(world: World, least: float = 0.5) -> set[str]:
    rings, _ = find(world.backend(), as_of=AS_OF)
    likely = [ring for ring in rings if ring.probability >= least]
    return {member.account_id for ring in likely for member in ring.members}


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
