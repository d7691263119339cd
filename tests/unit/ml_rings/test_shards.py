"""Shards of one operator are told from two operators who buy of the same sellers."""

from collections.abc import Sequence

import numpy as np
import pytest

from ml.rings.links import Links, read_links
from ml.rings.shards import united
from tests.unit.ml_rings.world import AS_OF, NEW, World, account, value

SIZE = 20


def shards(
    shared: Sequence[str], bystanders: int = 0
) -> tuple[list[np.ndarray], Links]:
    """Return three groups with values of their own; the first two share these kinds."""
    world = World()
    groups = []
    for group in range(3):
        names = [f"shard-{group}-{at:02}" for at in range(SIZE)]
        groups.append(names)
        for at, name in enumerate(names):
            world.accounts.append(account(name, NEW))
            for kind in ("card", "device", "net"):
                own = f"{kind}-own-{group}-{at % 5}"
                world.values.append(value(name, kind, own, NEW))
            if group < 2 and at % 2:
                for kind in shared:
                    text = f"{kind}-common-{at % 4}"
                    world.values.append(value(name, kind, text, NEW))
    for at in range(bystanders):
        for kind in shared:
            text = f"{kind}-common-{2 * (at % 2) + 1}"
            world.values.append(value(f"honest-{at:04}", kind, text, NEW))
    links = read_links(world.backend(), as_of=AS_OF)
    codes = [np.searchsorted(links.account_ids, sorted(names)) for names in groups]
    return codes, links


@pytest.mark.parametrize("shared", [("bin_day", "device"), ("address", "phone_block")])
def test_shards_with_goods_in_common_in_two_ways_are_one(shared):
    groups, links = shards(shared)
    joined = united(groups, links)
    assert [len(group) for group in joined] == [2 * SIZE, SIZE]
    assert set(joined[0]) == set(groups[0]) | set(groups[1])


@pytest.mark.parametrize(
    "shared",
    [
        ("net", "ja4", "client", "email_pattern"),  # sold to many
        ("bin_day",),
        ("bin_day", "net"),
        ("card", "bin_day"),  # one way of buying
    ],
)
def test_operators_who_buy_of_the_same_sellers_stay_apart(shared):
    groups, links = shards(shared)
    assert [len(group) for group in united(groups, links)] == [SIZE] * 3


def test_goods_that_the_site_shares_too_say_nothing():
    groups, links = shards(("bin_day", "device"), bystanders=400)
    assert len(united(groups, links)) == 3


def test_nobody_is_lost_and_a_lone_group_stays():
    groups, links = shards(("bin_day", "device"))
    joined = united(groups, links)
    assert sorted(np.concatenate(joined)) == sorted(np.concatenate(groups))
    assert united(groups[:1], links) == groups[:1]
    assert united([], links) == []
