"""Accounts in bad company are stored, found again by every path, and audited."""

import math

import pytest

from apps.customers.models import Account
from apps.review.selectors.facts import Connection, connections_in_use, facts_of
from apps.rings import services
from apps.rings.models import Association, Membership, Ring, RingRun
from apps.rings.selectors import (
    ask_ring_part_for_signup,
    association_of,
    audited_runs,
    ring_parts,
)
from ml.frames import RingPart
from ml.rings.association import PRIOR
from tests.integration.rings.accounts import DAY, T, account, put

pytestmark = pytest.mark.django_db


def shady(name: str, **facts: object) -> dict[str, object]:
    """An account that looks odd by itself: thrown-away mail, rented server, prepaid."""
    odd = {
        "email_verified": False,
        "email_class": "disposable",
        "signup_ip_class": "hosting",
        "payment_funding": "prepaid",
        "payer_matches": False,
        "signup_form_ms": 900,
    }
    return account(name, T - 3 * DAY, **odd, **facts)


@pytest.fixture
def run(db: None) -> RingRun:
    """Two odd accounts share a device and a telephone, and so do a dozen homes."""
    rows = [account(f"honest-{at:03}", T - 90 * DAY) for at in range(300)]
    for at in range(12):
        home = {"signup_device_id": f"tablet-{at}", "phone": f"+49301234{at:03}"}
        rows += [account(f"home-{at:02}-{who}", T - 90 * DAY, **home) for who in "ab"]
    shared = {"signup_device_id": "image", "phone": "+49305550000"}
    rows += [shady(f"shady-{at}", **shared) for at in range(2)]
    put(rows, T)
    return services.find_rings(as_of=T, at=T)


def test_odd_accounts_that_share_are_stored_with_a_sum_that_adds_up(run):
    rows = Association.objects.filter(run=run).select_related("account")
    assert {row.account.account_id for row in rows} == {"shady-0", "shady-1"}
    for row in rows:
        added = sum(one["log_odds"] for one in row.values)
        assert row.log_odds == pytest.approx(row.own + added + PRIOR, abs=1e-12)
        assert len(row.values) == 1  # one home explains a device and a telephone
        assert {one["others"] for one in row.values} == {1}
    assert not Membership.objects.filter(ring__run=run).exists()


def test_bulk_and_request_path_give_the_same_part(run):
    part = ring_parts(as_of=T)["shady-0"]
    stored = association_of(account_id="shady-0", as_of=T, known_at=T)
    assert stored is not None
    views = tuple(one["view"] for one in stored.values)
    assert set(views) <= {"device", "identity", "network"}
    company = math.fsum(one["log_odds"] for one in stored.values)
    assert part == RingPart(None, stored.probability, 0.0, "associate", views, company)
    assert company > 0
    assert ask_ring_part_for_signup(account_id="shady-0", as_of=T)() == part
    assert ask_ring_part_for_signup(account_id="home-00-a", as_of=T)() is None


def test_associations_of_a_pass_are_audited(run):
    [(_, _, content)] = audited_runs()
    assert "associations_sha256" in content
    [(_, _, again)] = audited_runs()
    assert again == content


def test_a_pass_that_goes_on_keeps_what_conduct_said(run):
    late = account("late", T + DAY / 2)
    put([late], T + DAY / 2)
    later = services.find_changed(as_of=T + DAY / 2, at=T + DAY / 2)
    assert later.basis == run
    kept = Association.objects.filter(run=later).values_list("own", flat=True)
    before = Association.objects.filter(run=run).values_list("own", flat=True)
    assert sorted(kept) == sorted(before) != []


def placed(
    run: RingRun, probability: float, level: str, agreement: float = 0.01
) -> None:
    """Put an account in bad company on the edge of a ring."""
    known = Association.objects.get(run=run, account__account_id="shady-0")
    ring = Ring.objects.create(
        run=run,
        ring_id=f"ring-{probability}",
        size=3,
        probability=probability,
        log_odds=0.0,
        views=["device"],
        evidence={"terms": [], "values": []},
        first_seen_at=T,
    )
    Membership.objects.create(
        ring=ring, account=known.account, level=level, agreement=agreement, views=[]
    )


@pytest.mark.parametrize(
    ("probability", "level"), [(0.95, "likely"), (0.3, "likely"), (0.95, "periphery")]
)
def test_company_stands_beside_a_ring_and_leaves_its_place_alone(
    run, probability, level
):
    alone = ring_parts(as_of=T)["shady-0"]
    placed(run, probability, level)
    part = ring_parts(as_of=T)["shady-0"]
    assert ask_ring_part_for_signup(account_id="shady-0", as_of=T)() == part
    assert part == RingPart(
        f"ring-{probability}", probability, 0.01, level, (), alone.company
    )


def test_a_place_that_holds_for_nothing_leaves_company_alone(run):
    """One value brings an account to the edge of a ring: it has no part in it."""
    alone = ring_parts(as_of=T)["shady-0"]
    placed(run, 0.95, "periphery", agreement=0.0)
    assert ring_parts(as_of=T)["shady-0"] == alone
    assert ask_ring_part_for_signup(account_id="shady-0", as_of=T)() == alone


def test_what_an_account_shares_in_use_is_told_apart_from_its_values(run):
    shady = Association.objects.get(run=run, account__account_id="shady-0").account
    assert connections_in_use(facts_of(shady, at=T)) == ()  # all are known already
    other = Account.objects.get(account_id="home-00-a")
    values = [{"kind": "scaffold", "value": "a1b2", "others": 7}]
    Association.objects.create(
        run=run, account=other, probability=0.5, log_odds=0.0, own=0.0, values=values
    )
    facts = facts_of(other, at=T)
    assert connections_in_use(facts) == (Connection("scaffold", "a1b2", None, 7),)
    # a model chose it: nothing of it where people judge before they see the model
    assert "scaffold" not in {one.kind for one in facts.connections}
