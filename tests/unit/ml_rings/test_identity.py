"""A ring keeps its name through growth, and says what became of it otherwise."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ml.rings.identity import Change, Known, changes, match


def ring(accounts: str, **bonds: str) -> Known:
    return Known(frozenset(accounts.split()), bonds)


BEFORE = {
    "r1": ring("a b c d", card="payment", image="device"),
    "r2": ring("p q r", form="shape"),
}


def test_the_same_rings_keep_their_names_and_nothing_happened():
    now = [BEFORE["r2"], BEFORE["r1"]]
    assert match(BEFORE, now) == {0: "r2", 1: "r1"}
    assert changes(BEFORE, now, ["r2", "r1"]) == []


def test_a_ring_that_grows_and_loses_accounts_keeps_its_name():
    now = [ring("b c d e f g"), BEFORE["r2"]]
    assert match(BEFORE, now) == {0: "r1", 1: "r2"}
    assert changes(BEFORE, now, ["r1", "r2"]) == [Change("r1", "changed", "", 3, 1)]


def test_the_larger_part_of_a_split_keeps_the_name():
    before = {"r1": ring("a b c d e f g")}
    now = [ring("a b c"), ring("d e f g")]
    assert match(before, now) == {1: "r1"}
    assert changes(before, now, ["new", "r1"]) == [
        Change("new", "split", "r1", 3),
        Change("r1", "changed", "", 0, 3),
    ]


def test_merged_rings_keep_the_name_of_the_larger():
    now = [ring("a b c d p q r")]
    assert match(BEFORE, now) == {0: "r1"}
    assert changes(BEFORE, now, ["r1"]) == [
        Change("r1", "changed", "", 3, 0),
        Change("r2", "merged", "r1", 0, 3),
    ]


def test_a_successor_shares_values_of_two_views_but_no_account():
    heir = ring("x y z", card="payment", image="device", other="shape")
    assert match(BEFORE, [heir]) == {}
    assert changes(BEFORE, [heir], ["new"]) == [
        Change("new", "succeeded", "r1", 3),
        Change("r1", "ended", "", 0, 4),
        Change("r2", "ended", "", 0, 3),
    ]


def test_values_of_one_view_make_no_successor():
    before = {"r1": ring("a b c", card="payment", payer="payment")}
    now = [ring("x y z", card="payment", payer="payment")]
    assert changes(before, now, ["new"])[0] == Change("new", "found", "", 3)


rings = st.lists(
    st.frozensets(st.integers(0, 30).map(str), min_size=1, max_size=8), max_size=6
)


@settings(deadline=None)
@given(rings, rings, st.randoms())
def test_names_are_kept_once_and_whatever_the_order(before, now, random):
    old = {f"r{at}": Known(accounts, {}) for at, accounts in enumerate(before)}
    new = [Known(accounts, {}) for accounts in now]
    kept = match(old, new)
    assert len(set(kept.values())) == len(kept)
    shuffled = list(old.items())
    random.shuffle(shuffled)
    assert match(dict(shuffled), new) == kept


@settings(deadline=None)
@given(rings)
def test_every_old_ring_has_a_fate(before):
    old = {f"r{at}": Known(accounts, {}) for at, accounts in enumerate(before)}
    gone = changes(old, [], [])
    assert [one.ring_id for one in gone] == sorted(old)
