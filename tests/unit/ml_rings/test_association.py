"""Values are judged by the conduct of their other holders, and holders by values."""

import numpy as np
import pytest

from ml.rings.association import (
    CLEAN,
    LEAST,
    PRIOR,
    SUSPECT,
    Associations,
    associate,
    associates,
)
from ml.rings.conduct import Conduct
from ml.rings.links import Links, assembled
from ml.rings.place import VIEW_NAMES

PEOPLE = 400
SUSPICIOUS, DECENT = 1.2, -1.5


def links_of(held: dict[str, list[int]], strength: float = 7.0) -> Links:
    """Return links of `kind:value` to the accounts that hold it."""
    names = sorted(held)
    account = np.concatenate([[], *(held[name] for name in names)]).astype(np.int64)
    counts = np.array([len(held[name]) for name in names], dtype=np.int64)
    value = np.repeat(np.arange(len(names)), counts)
    pairs = [name.split(":", 1) for name in names]
    ids = np.array([f"acc-{at:04}" for at in range(PEOPLE)], dtype=object)
    people = (ids, np.zeros(PEOPLE, np.int64), np.zeros(PEOPLE, bool))
    kinds = np.array([kind for kind, _ in pairs], dtype=object)
    texts = np.array([text for _, text in pairs], dtype=object)
    told = np.full(len(names), strength)
    rows = (account, value, np.zeros(len(account), np.int64))
    return assembled(people, rows, (kinds, texts), told, np.zeros(len(names)))


def conduct(**columns: np.ndarray) -> Conduct:
    given = {
        "requests": np.zeros(PEOPLE),
        "confirmed": np.full(PEOPLE, np.nan),
        "declared": np.full(PEOPLE, None, dtype=object),
        "permitted": np.zeros(PEOPLE),
        "region": np.full(PEOPLE, "", dtype=object),
    }
    return Conduct(**(given | columns))


def world(said: float) -> tuple[Links, np.ndarray]:
    """Accounts 0-5 share a scaffold and networks; 6-305 are families of three."""
    held = {"scaffold:s": [0, 1, 2, 3, 4, 5], "net:a": [0, 1, 2], "net:b": [3, 4, 5]}
    for home in range(100):
        members = [6 + 3 * home + at for at in range(3)]
        held |= {f"card:{home}": members, f"net:home-{home}": members}
    own = np.full(PEOPLE, DECENT)
    own[:6] = said
    return links_of(held), own


def found(said: float, **columns: np.ndarray) -> Associations:
    links, own = world(said)
    return associate(links, conduct(**columns), own)


def test_almost_clean_accounts_that_share_with_their_like_stand_out():
    chance = found(SUSPICIOUS).probability
    alone = 1 / (1 + np.exp(-(SUSPICIOUS + PRIOR)))
    assert alone < 0.05
    assert (chance[:6] > 0.5).all()
    assert (chance[6:] < LEAST).all()  # families share a card and a network


def test_the_same_sharing_among_decent_accounts_says_nothing():
    assert (found(DECENT).probability < LEAST).all()


def test_log_odds_add_up():
    one = found(SUSPICIOUS)
    assert np.array_equal(one.log_odds, one.own + one.parts.sum(axis=1) + PRIOR)
    assert (one.own >= CLEAN).all()
    assert (one.own <= SUSPECT).all()


def test_nobodys_own_conduct_speaks_through_its_value():
    links = links_of({"scaffold:s": [0, 1], "net:a": [0, 1]})
    own = np.full(PEOPLE, DECENT)
    own[0] = 30.0
    parts = associate(links, conduct(), own).parts.sum(axis=1)
    # all that it moves is how usual it is here that a value is an operator's
    assert parts[0] < 0.5
    own[1] = SUSPICIOUS
    assert associate(links, conduct(), own).parts.sum(axis=1)[0] > 4 * parts[0]


def test_one_shared_trait_leaves_who_behaves_well_alone():
    own = np.full(PEOPLE, DECENT)
    own[:5] = SUSPICIOUS
    theirs = list(range(5))
    two = links_of({"scaffold:s": [*theirs, 5], "net:a": [*theirs, 5]})
    one = links_of({"scaffold:s": [*theirs, 5], "net:a": theirs})
    assert associate(one, conduct(), own).parts[5].sum() == 0.0
    assert associate(two, conduct(), own).probability[5] > 0.5
    assert (associate(one, conduct(), own).probability[:5] > 0.5).all()


@pytest.mark.parametrize("column", ["permitted", "confirmed"])
def test_a_permit_or_a_finding_clears_the_company(column):
    cleared = np.zeros(PEOPLE) if column == "permitted" else np.full(PEOPLE, np.nan)
    cleared[:6] = 1.0 if column == "permitted" else 0.0
    assert (found(SUSPICIOUS, **{column: cleared}).probability < 0.1).all()


def test_what_was_found_out_of_others_speaks_and_of_itself_does_not():
    told = np.full(PEOPLE, np.nan)
    told[:5] = 1.0
    quiet, accused = found(0.3), found(0.3, confirmed=told)
    assert accused.log_odds[5] > quiet.log_odds[5]
    told[:5], told[5] = np.nan, 1.0
    itself = found(0.3, confirmed=told)
    assert itself.own[5] == quiet.own[5]
    assert itself.log_odds[5] < accused.log_odds[5]


def test_without_anything_said_of_conduct_nobody_is_told():
    links, own = world(0.0)
    one = associate(links, conduct(), np.zeros(PEOPLE))
    assert associates(one, links) == []
    assert one.log_odds.shape == own.shape


@pytest.mark.parametrize("held", [{}, {"card:own": [0]}], ids=["nothing", "a card"])
def test_nobody_has_company_where_nothing_is_shared(held):
    links = links_of(held)
    assert associates(associate(links, conduct(), np.full(PEOPLE, 1.5)), links) == []


def test_associates_say_what_they_share_the_strongest_first():
    links, own = world(SUSPICIOUS)
    told = associates(associate(links, conduct(), own), links)
    assert [one.account_id for one in told] == [f"acc-{at:04}" for at in range(6)]
    for one in told:
        assert [value["kind"] for value in one.values] == ["scaffold", "net"]
        assert one.values[0]["others"] == 5
        odds = sum(value["log_odds"] for value in one.values)
        assert one.log_odds == pytest.approx(one.own + odds + PRIOR)
        assert {value["view"] for value in one.values} <= set(VIEW_NAMES)


@pytest.mark.parametrize("odd", [0, 1, 4])
def test_a_few_odd_people_make_no_crowd_suspicious(odd):
    """A campus, a hackathon: one network, one template, as many odd people as usual."""
    crowd = list(range(80))
    links = links_of({"net:campus": crowd, "scaffold:homework": crowd})
    own = np.full(PEOPLE, DECENT)
    own[:odd] = SUSPECT
    one = associate(links, conduct(), own)
    assert one.parts.sum(axis=1).max() < 0.1
    assert (one.probability[:odd] < 0.05).all()


def test_an_odd_member_of_a_family_speaks_once_however_much_they_share():
    family, ring = [0, 1, 2], list(range(10, 30))
    shared = ("card:wallet", "device:tablet", "net:line", "address:door", "phone:fixed")
    held = dict.fromkeys(shared, family)
    # a ring teaches that cards, devices and networks are operators' here
    for kind in ("card", "device", "net", "address", "phone"):
        held |= {f"{kind}:ring-{at}": ring[at : at + 4] for at in range(0, 16, 2)}
    own = np.full(PEOPLE, DECENT)
    own[ring] = SUSPECT
    own[0] = SUSPECT
    one = associate(links_of(held), conduct(), own)
    assert (one.parts[:3] > 0).sum(axis=1).tolist() == [1, 0, 0]
    assert (one.probability[1:3] < 0.05).all()  # and one trait says nothing of them


def test_clean_accounts_with_one_value_of_a_ring_keep_what_they_had():
    """Fifty bystanders share a network with a ring that nobody doubts."""
    ring, near = list(range(20)), list(range(20, 70))
    links = links_of({"net:exit": ring + near, "scaffold:s": ring, "device:d": ring})
    own = np.full(PEOPLE, DECENT)
    own[ring] = SUSPECT
    told = np.full(PEOPLE, np.nan)
    told[ring] = 1.0
    one = associate(links, conduct(confirmed=told), own)
    assert (one.probability[ring] > 0.5).all()
    assert (one.parts[near] == 0.0).all()
