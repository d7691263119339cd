"""Traces that need no shared value: joint silence, wandering exits, a fingerprint."""

from datetime import timedelta

import numpy as np
import pytest

from ml.rings.candidates import candidates
from ml.rings.exits import read_exits
from ml.rings.find import find
from ml.rings.fingerprint import SURPLUS, belonging, merge, newcomers
from ml.rings.links import read_links
from ml.rings.null import permuted
from ml.rings.silence import SURPRISE, WINDOW, read_silences, windows
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


def test_stops_at_the_usual_pace_are_no_joint_silence():
    random = np.random.default_rng(3)
    false = 0
    for _ in range(20):
        hours = random.integers(0, 24 * 100, 1500)
        false += len(set(windows(hours)) - {-1})
    tried = 20 * 100 * 24
    assert false <= 3 * SURPRISE * tried / WINDOW * 2


def test_stops_far_above_the_usual_are_one_window():
    random = np.random.default_rng(4)
    usual = random.integers(0, 24 * 100, 1500)
    struck = 24 * 50 + random.integers(0, 4, 30)
    found = windows(np.concatenate([usual, struck]))
    assert len(set(found[-30:]) - {-1}) == 1
    assert (found[-30:] >= 0).all()
    assert (found[:-30] >= 0).mean() < 0.02


def test_only_who_stays_away_beyond_its_own_pace_is_silent():
    usage = []
    for name, every in [("daily", 1)] + [(f"struck-{at}", 1) for at in range(12)]:
        days = 40 if name == "daily" else 15
        usage += [
            exchange(name, day, AS_OF - 40 * DAY + day * every * DAY)
            for day in range(days)
        ]
    usage += [exchange("monthly", at, AS_OF - at * 15 * DAY) for at in range(1, 6)]
    found = read_silences(canonical.backend(usage=usage), as_of=AS_OF)
    names = set(found.column("account_id").to_pylist())
    assert names == {f"struck-{at}" for at in range(12)}
    assert len(set(found.column("value").to_pylist())) == 1


@pytest.mark.parametrize(
    ("networks", "ip_class", "wanders"),
    [(5, "residential", True), (1, "residential", False), (5, "hosting", False)],
)
def test_who_leaves_through_ever_new_networks_wanders(networks, ip_class, wanders):
    rows = [
        exchange("a", at, NEW, net=f"net-{at % networks}", ip=f"ip-{at}", asn=7)
        for at in range(6)
    ]
    for row in rows:
        row["ip_class"] = ip_class
    found = read_exits(canonical.backend(usage=rows).table("usage"))
    assert found.num_rows == int(wanders)


def split_campaign(world: World) -> tuple[list[str], list[str]]:
    """Return a campaign's core, and reserves that never work but share its traces."""
    core = world.campaign()
    reserve = [f"reserve-{at}" for at in range(4)]
    for at, name in enumerate(reserve):
        world.accounts.append(account(name, NEW))
        world.values.append(value(name, "device", f"image-{at % 3}", NEW))
        world.values.append(value(name, "bin_day", f"bin-{at % 2}", NEW))
    return core, reserve


def test_a_fingerprint_gathers_reserves_and_no_strangers():
    world = World()
    core, reserve = split_campaign(world)
    world.accounts.append(account("stranger", NEW))
    world.values.append(value("stranger", "device", "image-0", NEW))
    links = read_links(world.backend(), as_of=AS_OF)
    codes = np.searchsorted(links.account_ids, sorted(core))
    [joined] = newcomers([codes], links)
    assert set(links.account_ids[joined]) == set(reserve)
    assert merge([codes[:12], codes[12:]], links)[0].tolist() == codes.tolist()


def test_too_few_accounts_have_no_fingerprint():
    world = World()
    core, _ = split_campaign(world)
    links = read_links(world.backend(), as_of=AS_OF)
    codes = np.searchsorted(links.account_ids, sorted(core)[:4])
    assert not belonging(codes, links).any()
    assert SURPLUS > 0


def test_candidates_are_few_and_reach_a_campaign():
    world = World()
    core, _ = split_campaign(world)
    found = candidates(world.backend(), as_of=AS_OF, limit=6)
    left = np.array(found.column("left").to_pylist())
    right = np.array(found.column("right").to_pylist())
    assert np.unique(left, return_counts=True)[1].max() <= 6
    own = np.isin(left, core) & np.isin(right, core)
    assert set(left[own]) == set(core)


def test_a_permuted_population_keeps_values_but_not_what_goes_together():
    world = World()
    world.campaign()
    links = read_links(world.backend(), as_of=AS_OF)
    stratum = np.zeros(len(links.account_ids), dtype=np.int64)
    null = permuted(links, stratum, np.random.default_rng(1))
    count = len(links.strength)
    before = np.bincount(links.value, minlength=count)
    assert np.array_equal(np.bincount(null.value, minlength=count), before)
    per_account = np.sort(np.bincount(links.account, minlength=624))
    assert per_account.sum() == np.bincount(null.account, minlength=624).sum()
    shape = links.kind_of == "scaffold"
    for one in (links, null):
        mine = shape[one.value]
        assert set(one.account[mine]) == set(links.account[shape[links.value]])


def test_permuting_stays_within_a_stratum():
    world = World()
    world.campaign()
    links = read_links(world.backend(), as_of=AS_OF)
    young = (links.created > np.int64(OLD.timestamp() * 1e6)).astype(np.int64)
    null = permuted(links, young, np.random.default_rng(2))
    for kind in ("device", "bin_day"):
        rows = [one.kind_of[one.value] == kind for one in (links, null)]
        ages = [
            np.bincount(young[one.account[row]], minlength=2).tolist()
            for one, row in zip((links, null), rows, strict=True)
        ]
        assert ages[0] == ages[1]


def test_reserves_stand_in_the_ring_that_the_pass_finds():
    world = World()
    core, reserve = split_campaign(world)
    [ring] = find(world.backend(), as_of=AS_OF)[0]
    assert {member.account_id for member in ring.members} == {*core, *reserve}
