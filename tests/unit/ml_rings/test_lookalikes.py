"""Honest groups that look like campaigns, all on one site with one: each has a limit.

The limit is the share of the group that may stand in a ring of probability .5 or more.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ml.rings.find import find
from tests import canonical
from tests.unit.ml_rings.world import (
    AS_OF,
    NEW,
    OLD,
    World,
    account,
    exchange,
    value,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def person(world: World, name: str, since=NEW, **facts: object) -> str:
    """Add an account with a card and a device of its own."""
    world.accounts.append(account(name, since, **facts))
    world.values.append(value(name, "card", f"card-{name}", since))
    world.values.append(value(name, "device", f"device-{name}", since))
    return name


def asks(world: World, name: str, count: int, since=NEW, **columns: object) -> None:
    """Let an account ask `count` times over nine days, each time something new."""
    for number in range(count):
        moment = since + 9 * DAY * float(world.random.random())
        filler = [int(x) for x in world.random.integers(0, 2**32, 16)]
        row = {"filler": filler} | columns
        world.usage.append(exchange(name, number, moment, **row))


def heavy_tailed(world: World) -> int:
    return int(world.random.pareto(1.1) * 4) + 2


def gateway_tenants(world: World) -> list[str]:
    """One gateway's addresses and client; tenants ask what they like, as they like."""
    names = [person(world, f"tenant-{at}") for at in range(60)]
    for at, name in enumerate(names):
        world.values.append(value(name, "ja4", "gateway-client", NEW))
        world.values.append(value(name, "net", f"egress-{at % 8}", NEW))
        asks(
            world,
            name,
            heavy_tailed(world),
            scaffold=f"{at:016x}",
            net=f"egress-{at % 8}",
            ip_class="hosting",
        )
    return names


def hackathon(world: World) -> list[str]:
    """One venue, one starter kit, all new within hours, all gone after two days."""
    names = [person(world, f"hacker-{at}") for at in range(120)]
    for at, name in enumerate(names):
        world.values.append(value(name, "net", "venue", NEW))
        for number in range(heavy_tailed(world)):
            moment = NEW + 48 * HOUR * float(world.random.random())
            columns = {
                "scaffold": "5caff01d0000aaaa" if number % 2 else f"{at:015x}b",
                "filler": [int(world.random.integers(60))] * 16,
                "net": "venue",
                "ip_class": "business",
            }
            world.usage.append(exchange(name, number, moment, **columns))
    return names


def company(world: World) -> list[str]:
    """A company's nightly runs: declared as one customer, its work divided evenly."""
    names = [person(world, f"runner-{at}", customer_id="firm") for at in range(12)]
    for name in names:
        world.values.append(value(name, "net", "office", NEW))
        asks(world, name, 20, scaffold="5caff01d0000bbbb", schema="5c4e3a0000000001")
    return names


def permitted_team(world: World) -> list[str]:
    """Training data made with permission: split evenly, nothing asked twice."""
    scope = {"permitted_scope": "synthetic-data"}
    names = [person(world, f"team-{at}", **scope) for at in range(10)]
    for name in names:
        world.values.append(value(name, "net", "lab", NEW))
        asks(world, name, 20, scaffold="5caff01d0000cccc", params="9a4a350000000001")
    return names


def small_company(world: World) -> list[str]:
    """Training data made without asking, on two accounts: a matter of terms."""
    names = [person(world, f"small-{at}") for at in range(2)]
    for name in names:
        world.values.append(value(name, "address", "small-office", NEW))
        asks(world, name, 30, scaffold="5caff01d0000dddd")
    return names


def vpn_users(world: World) -> list[str]:
    """Strangers behind the exits of one VPN, with a common browser."""
    names = [person(world, f"private-{at}", OLD) for at in range(50)]
    for at, name in enumerate(names):
        world.values.append(value(name, "ja4", "ja4-1", OLD))
        columns = {"net": f"vpn-{at % 3}", "ip": f"vpn-{at % 3}", "ip_class": "vpn"}
        asks(world, name, heavy_tailed(world), **columns)
    return names


def travelers(world: World) -> list[str]:
    """People on the move: many countries' carriers, one network each."""
    names = [person(world, f"traveler-{at}", OLD) for at in range(30)]
    for at, name in enumerate(names):
        for stop in range(6):
            place = f"hotel-{(at + stop) % 40}"
            columns = {"net": place, "ip": f"{place}-{at}", "asn": (at + stop) % 40}
            asks(world, name, 3, ip_class="residential", **columns)
    return names


def newcomers_to_a_country(world: World) -> list[str]:
    """Prepaid cards of one issuer, new numbers of one carrier, shared houses of six."""
    names = [person(world, f"newcomer-{at}") for at in range(48)]
    for at, name in enumerate(names):
        day = f"prepaid|{at % 12}"
        world.values.append(value(name, "bin_day", day, NEW + (at % 12) * HOUR))
        world.values.append(value(name, "phone_block", f"+4915{at % 9}", NEW))
        world.values.append(value(name, "address", f"house-{at // 6}", NEW))
        asks(world, name, heavy_tailed(world), scaffold=f"{at:014x}ee")
    return names


def mobile_region(world: World) -> list[str]:
    """A region behind a carrier that hands out networks as it likes."""
    names = [person(world, f"mobile-{at}", OLD) for at in range(80)]
    for name in names:
        for number in range(6):
            net = f"cgnat-{int(world.random.integers(12))}"
            columns = {"net": net, "ip": f"{net}-{number}", "asn": 64500}
            asks(world, name, 1, ip_class="mobile", **columns)
    return names


def stopped_by_an_outage(world: World) -> list[str]:
    """Thirty customers who leave in one hour, because nothing worked in it."""
    names = [person(world, f"left-{at}", OLD) for at in range(30)]
    for at, name in enumerate(names):
        world.values.append(value(name, "email_pattern", f"L{at % 5}", OLD))
        for day in range(20):
            moment = OLD + day * DAY + at * timedelta(minutes=1)
            world.usage.append(exchange(name, day, moment))
    return names


LOOKALIKES: dict[Callable[[World], list[str]], float] = {
    gateway_tenants: 0.0,
    hackathon: 0.005,
    company: 0.0,
    permitted_team: 0.0,
    small_company: 0.0,
    vpn_users: 0.0,
    travelers: 0.0,
    newcomers_to_a_country: 0.0,
    mobile_region: 0.0,
    stopped_by_an_outage: 0.0,
}


@pytest.fixture(scope="module")
def site() -> tuple[dict[str, list[str]], set[str], list[str]]:
    """Return the accounts of each group, those in rings, and the campaign's."""
    world = World()
    groups = {make.__name__: make(world) for make in LOOKALIKES}
    pool = world.campaign()
    outage = {"at": OLD + 19 * DAY, "until": OLD + 19 * DAY + HOUR}
    backend = canonical.backend(
        accounts=world.accounts,
        account_values=world.values,
        usage=world.usage,
        provider=[{"kind": "incident", "name": "outage"} | outage],
    )
    rings, _ = find(backend, as_of=AS_OF)
    likely = [ring for ring in rings if ring.probability >= 0.5]
    ringed = {member.account_id for ring in likely for member in ring.members}
    return groups, ringed, pool


def test_the_campaign_among_them_is_found(site):
    _, ringed, pool = site
    assert set(pool) <= ringed


@pytest.mark.parametrize("make", LOOKALIKES, ids=lambda make: make.__name__)
def test_a_lookalike_stays_within_its_limit(make, site):
    groups, ringed, _ = site
    names = groups[make.__name__]
    assert len(ringed & set(names)) <= LOOKALIKES[make] * len(names)


def test_nobody_else_is_drawn_in(site):
    groups, ringed, pool = site
    known = {name for names in groups.values() for name in names} | set(pool)
    assert ringed - known == set()
