"""Who divides one data set among accounts is named; people who ask alike are not."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.rings.cells import Cells, read_cells
from ml.rings.find import find
from ml.rings.work import division, named
from tests import canonical
from tests.unit.ml_rings.world import AS_OF, NEW, World, account, exchange, value

RANDOM = np.random.default_rng(11)


def cells(*users: np.ndarray, chances: list[float], meetings: list[float]) -> Cells:
    """Return cells whose users sent these numbers of exchanges over twenty days."""
    cell = np.repeat(np.arange(len(users)), [len(one) for one in users])
    uses = np.concatenate(users).astype(float)
    names = pa.array([f"account-{at}" for at in range(len(uses))])
    return Cells(
        value=np.array([f"scaffold:{at:03}" for at in range(len(users))], object),
        chances=np.array(chances, float),
        meetings=np.array(meetings, float),
        cell=cell,
        account_id=names,
        uses=uses,
        first=np.zeros(len(uses)),
        last=np.full(len(uses), 19.0),
    )


def heavy(count: int) -> np.ndarray:
    return 2 + RANDOM.poisson(RANDOM.lognormal(2.5, 1.3, count))


def organic(number: int = 12) -> tuple[list[np.ndarray], list[float], list[float]]:
    users = [heavy(25) for _ in range(number)]
    return users, [40_000.0] * number, [float(20 + at) for at in range(number)]


def test_an_even_split_without_repeats_stands_out_from_organic_cells():
    users, chances, meetings = organic()
    users.append(RANDOM.poisson(30, 12))
    found = cells(*users, chances=[*chances, 40_000.0], meetings=[*meetings, 0.0])
    ratio = division(found)
    assert list(np.flatnonzero(named(ratio))) == [len(users) - 1]
    assert ratio[:-1].max() < 0


def test_repeats_outweigh_an_even_split():
    """A class that does its homework in step: even, but everyone has the same tasks."""
    users, chances, meetings = organic()
    even = RANDOM.poisson(30, 12)
    repeated = cells(*users, even, chances=[*chances, 4e4], meetings=[*meetings, 90.0])
    assert division(repeated)[-1] < 0


def test_absent_repeats_say_nothing_before_the_site_shows_its_own_rate():
    even = RANDOM.poisson(30, 12)
    silent = cells(even, chances=[0.0], meetings=[0.0])
    unrepeated = cells(even, chances=[4e4], meetings=[0.0])
    assert division(unrepeated)[0] == pytest.approx(division(silent)[0])
    repeated = cells(even, chances=[4e4], meetings=[60.0])
    assert division(repeated)[0] < division(silent)[0]


@settings(deadline=None)
@given(st.lists(st.floats(-30, 30), max_size=60))
def test_few_names_are_expected_to_be_false(ratios):
    """Every chosen ratio beats the bound of its rank, and none above it is left out."""
    ratio = np.array(ratios)
    chosen = named(ratio)
    if chosen.any():
        least = ratio[chosen].min()
        assert least >= np.log(len(ratio) / (0.1 * chosen.sum()))
        assert (chosen == (ratio >= least)).sum() >= len(ratio) - (ratio == least).sum()
    assert chosen.sum() >= (ratio >= np.log(max(len(ratio), 1) / 0.1)).any()


def test_cells_count_users_chances_and_meetings():
    rows = [
        exchange(name, number, NEW, scaffold="aa", filler=[number + shift] * 16)
        for name, shift in (("a", 0), ("b", 100), ("c", 1))
        for number in range(3)
    ]
    [only] = read_cells(canonical.backend(usage=rows)).value
    found = read_cells(canonical.backend(usage=rows))
    assert only == "scaffold:aa"
    assert list(found.uses) == [3, 3, 3]
    assert list(found.chances) == [27]
    assert list(found.meetings) == [2]  # a and c both sent fillers 1 and 2


def test_minima_stand_in_where_no_scaffold_is_named():
    prefix = list(range(6))
    rows = [
        exchange(name, number, NEW, minhash=prefix + [int(RANDOM.integers(2**32))] * 10)
        for name in ("a", "b", "c")
        for number in range(2)
    ]
    found = read_cells(canonical.backend(usage=rows))
    assert len(found.value) == 3  # three bands lie within the shared minima
    assert {name.split(":")[0] for name in found.value} == {"band"}
    assert list(found.chances) == [0, 0, 0]


def test_usage_without_any_sketch_has_no_cells():
    rows = [exchange(name, 0, NEW) for name in ("a", "b", "c")]
    assert len(read_cells(canonical.backend(usage=rows)).value) == 0


def test_accounts_that_agree_in_their_work_alone_are_found():
    world = World()
    _classes(world)
    names = _pool(world)
    rings, _ = find(world.backend(), as_of=AS_OF)
    likely = [ring for ring in rings if ring.probability >= 0.5]
    assert [{member.account_id for member in ring.members} for ring in likely] == [
        set(names)
    ]
    [ring] = likely
    assert set(ring.views) >= {"shape", "work"}
    assert "divided_work" in {term.name for term in ring.terms}
    assert "joint_work" in {one["kind"] for one in ring.values}


@pytest.mark.parametrize("seed", [1, 2])
def test_values_permuted_among_their_peers_hold_no_ring(seed):
    world = World()
    _classes(world)
    world.campus()
    order = np.random.default_rng(seed).permutation(len(world.values))
    texts = [(one["kind"], one["value"]) for one in world.values]
    for kind in {kind for kind, _ in texts}:
        at = [place for place in range(len(texts)) if texts[place][0] == kind]
        shuffled = [texts[place][1] for place in order if texts[place][0] == kind]
        for place, text in zip(at, shuffled, strict=True):
            world.values[place]["value"] = text
    rings, _ = find(world.backend(), as_of=AS_OF)
    assert [ring for ring in rings if ring.probability >= 0.5] == []


def _classes(world: World, number: int = 10) -> None:
    """Give the site classes that share tasks: what it learns its own rates from."""
    for group in range(number):
        for at in range(12):
            name = f"class-{group}-{at}"
            world.accounts.append(account(name, NEW))
            world.values.append(value(name, "card", f"card-{group}-{at}", NEW))
            for one in range(int(2 + world.random.lognormal(1.2, 1.2))):
                filler = [int(world.random.integers(60)) + 1000 * group] * 16
                columns = {"scaffold": f"c1a55{group:011x}", "filler": filler}
                moment = NEW + (AS_OF - NEW) * float(world.random.random())
                world.usage.append(exchange(name, one, moment, **columns))


def _pool(world: World) -> list[str]:
    """Old, own cards and devices; one scaffold, split evenly, nothing repeated."""
    names = [f"honest-{at:04}" for at in range(100, 118)]
    for name in names:
        for number in range(12):
            filler = [int(x) for x in world.random.integers(0, 2**32, 16)]
            columns = {"scaffold": "5caff01d00000009", "filler": filler}
            moment = NEW + (AS_OF - NEW) * float(world.random.random())
            world.usage.append(exchange(name, number, moment, **columns))
    return names


def test_work_never_hides_what_a_signup_could_share():
    world = World()
    names = world.campaign()
    for name in names:
        for number in range(60):
            scaffold = f"{number % 30:016x}"
            moment = NEW + (AS_OF - NEW) * float(world.random.random())
            columns = {"scaffold": scaffold, "filler": [number] * 16}
            world.usage.append(exchange(name, 100 + number, moment, **columns))
    [ring] = find(world.backend(), as_of=AS_OF)[0]
    shown = [one["view"] for one in ring.values]
    assert {"device", "payment"} <= set(shown)
    assert max(shown.count(view) for view in shown) <= 20
