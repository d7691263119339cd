"""A pass that goes on from the last one gives what comparing everybody gives."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from ml.rings.find import FoundRing, find, rings_of
from ml.rings.keep import load, save
from ml.rings.passes import Pass, full_pass, step
from tests import canonical
from tests.unit.ml_rings.world import AS_OF, NEW, World, account, exchange, value

LATER = AS_OF + timedelta(hours=6)
KINDS = ("card", "device", "net", "address", "bin_day", "email_pattern")


def small(seed: int) -> World:
    """Some honest accounts, a campaign, and small groups that share this and that."""
    world = World(honest=150)
    world.random = np.random.default_rng(seed)
    world.campaign(9)
    for group in range(12):
        for at in range(int(world.random.integers(2, 7))):
            name = f"group-{group:02}-{at}"
            world.accounts.append(account(name, NEW))
            for kind in world.random.choice(KINDS, 3, replace=False):
                text = f"{kind}-{group}-{world.random.integers(2)}"
                world.values.append(value(name, kind, text, NEW))
    return world


def go_on(world: World, moment_of: float) -> list[str]:
    """Let facts come in for some accounts, old and new; return whom they touch."""
    random = world.random
    names = [row["account_id"] for row in world.accounts]
    touched = set(random.choice(names, 12, replace=False).tolist())
    moment = AS_OF + (LATER - AS_OF) * moment_of
    for at in range(4):
        name = f"late-{moment_of}-{at}"
        world.accounts.append(account(name, moment))
        touched.add(name)
    for name in sorted(touched):
        for kind in random.choice(KINDS, 2, replace=False):
            group = random.integers(14)
            text = f"{kind}-{group}-{random.integers(2)}"
            world.values.append(value(name, kind, text, moment))
        for number in range(int(random.integers(0, 4))):
            filler = [int(x) for x in random.integers(0, 2**32, 16)]
            columns = {
                "scaffold": f"5caff01d0000010{random.integers(1, 4)}",
                "filler": filler,
                "net": f"net-{random.integers(40)}",
            }
            world.usage.append(
                exchange(name, int(5000 + 100 * moment_of + number), moment, **columns)
            )
    return sorted(touched)


def part_of(world: World, accounts: Sequence[str]):
    """Return what is known of these accounts alone."""
    wanted = set(accounts)
    tables = {
        "accounts": world.accounts,
        "account_values": world.values,
        "usage": world.usage,
    }
    return canonical.backend(
        **{
            name: [row for row in rows if row["account_id"] in wanted]
            for name, rows in tables.items()
        }
    )


def stepped(last: Pass, world: World, touched: Sequence[str]) -> Pass:
    return step(
        last,
        part_of(world, touched),
        as_of=LATER,
        touched=touched,
        usage_of=lambda accounts: part_of(world, accounts),
    )


def everybody(world: World) -> list[str]:
    return [row["account_id"] for row in world.accounts]


def same_pairs(one: Pass, other: Pass) -> bool:
    return (
        np.array_equal(one.pairs.left, other.pairs.left)
        and np.array_equal(one.pairs.right, other.pairs.right)
        and np.array_equal(one.pairs.parts, other.pairs.parts)
    )


def test_going_on_with_nothing_new_gives_the_full_pass_again():
    world = small(0)
    whole = full_pass(world.backend(), as_of=AS_OF)
    nothing = step(
        whole, part_of(world, []), as_of=AS_OF, touched=[], usage_of=lambda _: None
    )
    everyone = stepped(whole, world, everybody(world))
    assert rings_of(nothing) == rings_of(whole) == find(world.backend(), as_of=AS_OF)[0]
    assert same_pairs(everyone, whole)
    assert [ring.members for ring in rings_of(everyone)] == [
        ring.members for ring in rings_of(whole)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_comparing_whom_facts_touched_gives_what_comparing_everybody_gives(seed):
    world = small(seed)
    whole = full_pass(world.backend(), as_of=AS_OF)
    touched = go_on(world, 0.5)
    one = stepped(whole, world, touched)
    every = stepped(whole, world, everybody(world))
    assert same_pairs(one, every)
    assert _shown(rings_of(one)) == _shown(rings_of(every))
    again = go_on(world, 1.0)
    two = stepped(one, world, again)
    every = stepped(whole, world, everybody(world))
    assert same_pairs(two, every)
    assert _shown(rings_of(two)) == _shown(rings_of(every))
    assert not same_pairs(two, whole)


def _shown(rings: list[FoundRing]) -> list[tuple]:
    """Return rings with NaN as text, for it equals nothing."""
    return [
        (ring.members, ring.values, ring.views, [str(term) for term in ring.terms])
        for ring in rings
    ]


def test_pairs_of_the_touched_are_exact_however_many_hold_a_value():
    """A crowd shares one device; only pairs of two untouched accounts may stay on."""
    world = small(3)
    for at in range(60):
        name = f"crowd-{at:02}"
        world.accounts.append(account(name, NEW))
        world.values.append(value(name, "device", "crowd", NEW))
    whole = full_pass(world.backend(), as_of=AS_OF)
    touched = go_on(world, 0.5)
    for name in touched:
        world.values.append(value(name, "device", "crowd", NEW + timedelta(hours=1)))
    one = stepped(whole, world, touched)
    every = stepped(whole, world, everybody(world))
    codes = np.searchsorted(one.links.account_ids, touched)
    kept = [_ends(one, codes), _ends(every, codes)]
    assert kept[0] == kept[1]
    assert len(kept[0]) > 100


def _ends(one: Pass, codes: np.ndarray) -> set[tuple]:
    pairs = one.pairs
    inside = np.isin(pairs.left, codes) | np.isin(pairs.right, codes)
    weights = map(tuple, pairs.parts[inside].tolist())
    return set(zip(pairs.left[inside], pairs.right[inside], weights, strict=True))


def test_a_pass_that_was_kept_goes_on_as_if_it_had_not_been(tmp_path):
    world = small(5)
    whole = full_pass(world.backend(), as_of=AS_OF)
    touched = go_on(world, 0.5)
    save(whole, tmp_path)
    kept = stepped(load(tmp_path), world, touched)
    assert _shown(rings_of(kept)) == _shown(rings_of(stepped(whole, world, touched)))
