"""Passes are stored: names live on from run to run, and what happened is kept."""

import math
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from apps.access.services import create_user
from apps.audit.services import Actor
from apps.customers.selectors import ids_of
from apps.rings import services
from apps.rings.models import Membership, Ring, RingChange, RingRun
from apps.rings.presenters import evidence_words
from apps.rings.selectors import (
    ask_ring_part_for_signup,
    audited_runs,
    changes_of,
    ring_parts,
)
from apps.rings.services import storing
from apps.rings.services.evidence import standing
from apps.scoring.services.scoring import join
from apps.signals.services.outcomes import put_outcomes
from ml.rings.find import FoundMember, FoundRing
from tests.integration.rings.accounts import DAY, T, account, put

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def pool(names: Sequence[str], created: datetime) -> list[dict[str, object]]:
    """Accounts that share a device image and the address they give."""
    shared = {
        "signup_device_id": "image",
        "payment_fingerprint": "wallet",
        "address_line": "1 Drop Street",
    }
    return [account(name, created, **shared) for name in names]


@pytest.fixture
def site(db: None) -> None:
    old = [account(f"honest-{at:03}", T - 90 * DAY) for at in range(300)]
    put([*old, *pool([f"pool-{at:02}" for at in range(12)], T - 5 * DAY)], T)


def names_of(run: RingRun) -> set[str]:
    return set(Ring.objects.filter(run=run).values_list("ring_id", flat=True))


def happened(run: RingRun) -> list[tuple[str, int, int]]:
    rows = RingChange.objects.filter(run=run).order_by("pk")
    return list(rows.values_list("kind", "joined", "left"))


def test_a_pass_over_equal_facts_is_the_same_pass(site):
    first = services.find_rings(as_of=T, at=T)
    assert services.find_rings(as_of=T, at=T + DAY).pk == first.pk
    assert happened(first) == [("found", 12, 0)]


def test_a_later_pass_without_change_keeps_every_name(site):
    first = services.find_rings(as_of=T, at=T)
    later = services.find_rings(as_of=T + DAY, at=T + DAY)
    assert later.pk != first.pk
    assert names_of(later) == names_of(first) != set()
    assert happened(later) == []


def test_a_ring_that_grows_keeps_its_name_and_says_so(site):
    first = services.find_rings(as_of=T, at=T)
    put(pool(["late-0", "late-1", "late-2"], T + DAY), T + DAY)
    later = services.find_rings(as_of=T + 2 * DAY, at=T + 2 * DAY)
    assert names_of(later) == names_of(first)
    assert happened(later) == [("changed", 3, 0)]
    [name] = names_of(later)
    kinds = [one.kind for one in changes_of(name)]
    assert kinds == ["changed", "found"]


def test_the_part_that_leaves_a_ring_has_a_name_of_its_own(site):
    first = services.find_rings(as_of=T, at=T)
    [name] = names_of(first)
    [ring] = Ring.objects.filter(run=first)
    found = _found(ring)
    assert storing._names([found], {}, [name]) != [name]
    assert storing._names([found], {}, []) == [name]


def _found(ring: Ring) -> FoundRing:
    """Return a stored ring as the pass gave it."""
    return FoundRing(
        members=tuple(
            FoundMember(one.account.account_id, one.level, one.agreement, ())
            for one in ring.memberships.select_related("account")
        ),
        log_odds=ring.log_odds,
        probability=ring.probability,
        views=tuple(ring.views),
        terms=(),
        values=tuple(ring.evidence["values"]),
        first_seen_at=ring.first_seen_at,
    )


def test_the_page_of_a_ring_tells_what_happened_to_it(client, site):
    services.find_rings(as_of=T, at=T)
    put(pool(["late-0", "late-1"], T + DAY), T + DAY)
    [name] = names_of(services.find_rings(as_of=T + 2 * DAY, at=T + 2 * DAY))
    reader = create_user(
        email="a@example.org",
        password="correct horse battery staple",
        role="auditor",
        at=T,
        actor=Actor("system", "test"),
    )
    client.force_login(reader)
    page = client.get(f"/rings/{name}").content.decode()
    past = page[page.index("What happened to it") :]
    assert past.index("Accounts changed") < past.index("First seen")


def test_a_signup_lands_on_a_known_ring_and_a_stranger_does_not(site):
    services.find_rings(as_of=T, at=T)
    put([*pool(["new"], T + DAY), account("other", T + DAY)], T + DAY)
    at = T + DAY + timedelta(minutes=1)
    part = ask_ring_part_for_signup(account_id="new", as_of=at)()
    assert part is not None
    assert set(part.views) == {"identity", "payment", "device"}
    assert part.level == "core"
    assert ask_ring_part_for_signup(account_id="other", as_of=at)() is None
    [ring] = {one.ring_id for one in ring_parts(as_of=at).values()}
    assert part.ring_id == ring


def test_one_shared_view_moves_no_clean_account(site):
    services.find_rings(as_of=T, at=T)
    clean = [
        account(f"clean-{at:02}", T + DAY, address_line="1 Drop Street")
        for at in range(50)
    ]
    put(clean, T + DAY)
    at = T + DAY + timedelta(minutes=1)
    own = 0.02  # what such an account scores by itself
    for row in clean:
        part = ask_ring_part_for_signup(account_id=row["account_id"], as_of=at)()
        assert part is not None
        assert join(own, part) <= 1.2 * own


def test_evidence_comes_from_newer_facts_alone_and_survives_passes_between(site):
    """A pass an hour tests nothing; one after six hours tests the accounts of then."""
    first = services.find_rings(as_of=T, at=T)
    [ring] = Ring.objects.filter(run=first)
    assert (ring.e_value, ring.log_e, ring.tested_to) == (None, 0.0, T)
    soon = T + timedelta(hours=1)
    [ring] = Ring.objects.filter(run=services.find_rings(as_of=soon, at=soon))
    assert (ring.e_value, ring.log_e, ring.tested_to) == (None, 0.0, T)
    assert standing(as_of=T + timedelta(hours=5)) == []
    put(pool(["late"], T + DAY), T + DAY)
    later = T + 2 * DAY
    [due] = standing(as_of=later)
    assert due.since == T
    assert due.accounts == tuple(f"pool-{at:02}" for at in range(12))
    [ring] = Ring.objects.filter(run=services.find_rings(as_of=later, at=later))
    assert ring.e_value == 1.0
    assert (ring.log_e, ring.tested_to, ring.confirmed) == (0.0, later, False)
    assert list(audited_runs())


def test_accounts_that_go_on_meeting_confirm_their_ring(site):
    services.find_rings(as_of=T, at=T)
    at, total = T, 0.0
    for day in range(1, 5):
        at = T + day * DAY
        put(_moved("pool", 12, day, shared=True), at)
        put(_moved("honest", 300, day, shared=False), at)
        [ring] = Ring.objects.filter(run=services.find_rings(as_of=at, at=at))
        assert ring.e_value > 1
        total += math.log(ring.e_value)
        assert ring.log_e == pytest.approx(total)
    assert ring.confirmed
    words = evidence_words(ring)
    assert "It is confirmed: at most 5%" in words
    assert f"{ring.tested_to:%-d %b %Y}" in words


def _moved(kind: str, count: int, day: int, *, shared: bool) -> list[dict[str, object]]:
    """Accounts that give a new address: the same one, or each its own."""
    digits = 2 if kind == "pool" else 3
    rows = []
    for number in range(count):
        since = T - (5 if kind == "pool" else 90) * DAY
        name = f"{kind}-{number:0{digits}}"
        [row] = pool([name], since) if kind == "pool" else [account(name, since)]
        row["valid_from"] = T + day * DAY
        row["address_line"] = f"{day} {'Drop' if shared else number} Lane"
        rows.append(row)
    return rows


@pytest.fixture
def home(settings, tmp_path: Path) -> Path:
    settings.KYCRISK_HOME = tmp_path
    return tmp_path


def test_a_pass_that_goes_on_finds_what_a_full_pass_finds(site, home):
    """A ring grows; only those who came are compared again, by the rates of before."""
    first = services.find_rings(as_of=T, at=T)
    put(pool(["late-0", "late-1"], T + HOUR), T + HOUR)
    at = T + 2 * HOUR
    later = services.find_changed(as_of=at, at=at)
    assert later.basis == first
    assert happened(later) == [("changed", 2, 0)]
    assert {one.name for one in (home / "rings").iterdir()} == {str(later.pk)}
    [ring] = Ring.objects.filter(run=later)
    assert (ring.e_value, ring.tested_to) == (None, T)
    full = services.find_rings(as_of=at + HOUR, at=at + HOUR)
    assert full.basis is None
    assert members(full) == members(later)
    assert len(list(audited_runs())) == 3


def test_a_pass_without_new_facts_is_the_last_one(site, home):
    first = services.find_rings(as_of=T, at=T)
    assert services.find_changed(as_of=T + HOUR, at=T + HOUR) == first


def test_outcomes_are_new_facts_for_a_ring(site, home):
    first = services.find_rings(as_of=T, at=T)
    [before] = Ring.objects.filter(run=first)
    names = [f"pool-{at:02}" for at in range(6)]
    rows = [
        {
            "outcome_id": name,
            "account_id": name,
            "label": "confirmed_abuse",
            "subtype": None,
            "ring": None,
            "supersedes": None,
            "source": "investigation",
            "observed_at": T,
            "known_at": T + HOUR,
        }
        for name in names
    ]
    put_outcomes(
        rows=rows, account_keys=ids_of(names), at=T, actor=Actor("system", "test")
    )
    later = services.find_changed(as_of=T + 2 * HOUR, at=T + 2 * HOUR)
    [ring] = Ring.objects.filter(run=later)
    assert ring.log_odds > before.log_odds


@pytest.mark.parametrize("harm", ["gone", "foreign", "old"])
def test_a_full_pass_is_made_where_there_is_none_to_go_on_from(site, home, harm):
    first = services.find_rings(as_of=T, at=T)
    put(pool(["late-0"], T + HOUR), T + HOUR)
    at = T + 2 * HOUR
    sign = home / "rings" / str(first.pk) / "run.json"
    if harm == "gone":
        shutil.rmtree(home / "rings")
    elif harm == "foreign":
        sign.write_text(sign.read_text().replace("20", "19"))
    else:
        at = T + DAY
    assert services.find_changed(as_of=at, at=at).basis is None


def members(run: RingRun) -> list[tuple[str, str, float]]:
    rows = Membership.objects.filter(ring__run=run).order_by("account__account_id")
    return list(rows.values_list("account__account_id", "level", "agreement"))
