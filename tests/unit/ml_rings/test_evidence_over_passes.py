"""A ring's evidence grows with new facts alone, and chance never counts for long."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.rings.evalues import LEVEL, e_bh, soft_rank
from ml.rings.links import Links
from ml.rings.passes import full_pass
from ml.rings.place import VIEW_NAMES
from ml.rings.strangers import (
    Standing,
    evidence,
    evidence_since,
    news_since,
)
from ml.rings.swaps import DRAWS, pool
from tests.unit.ml_rings.world import AS_OF, World, exchange, value

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POSITIVE = st.floats(1.0, 1e6)


@given(st.lists(POSITIVE, min_size=2, max_size=40))
def test_the_mean_over_who_could_have_been_the_ring_is_one(scores):
    values = np.array(scores)
    every = [soft_rank(one, np.delete(values, at)) for at, one in enumerate(values)]
    assert np.mean(every) == pytest.approx(1.0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 99))
def test_places_are_exchanged_within_a_kind_and_each_once(keys, seed):
    kind = np.array(keys)
    random = np.random.default_rng(seed)
    accounts = np.arange(len(kind))
    drawn = pool(kind, random).draw(accounts, random)
    assert drawn.shape == (DRAWS + 1, len(kind))
    assert (drawn[0] == accounts).all()
    assert (np.sort(drawn, axis=1) == accounts).all()
    assert (kind[drawn] == kind).all()


@given(
    st.lists(st.floats(-20, 60), max_size=40),
    st.integers(0, 100),
    st.floats(0.01, 0.5),
)
def test_what_is_chosen_beats_the_bound_of_its_rank(values, ended, level):
    log_e = np.array(values)
    tested = len(log_e) + ended
    chosen = e_bh(log_e, tested=tested, level=level)
    if chosen.any():
        assert log_e[chosen].min() >= np.log(tested / (level * chosen.sum()))
    more = e_bh(log_e, tested=tested + 50, level=level)
    assert not (more & ~chosen).any()


def test_looking_at_every_pass_confirms_chance_no_more_often_than_the_level():
    """Rings of strangers, a look after each of 100 passes, stopping at a success."""
    random = np.random.default_rng(2)
    sites, rings, passes = 300, 12, 100
    false = 0
    for _ in range(sites):
        scores = 1.0 + random.pareto(1.2, (passes, rings, DRAWS + 1))
        steps = scores[..., 0] / scores.mean(axis=2)
        paths = np.cumsum(np.log(steps), axis=0)
        false += any(e_bh(path, tested=rings, level=LEVEL).any() for path in paths)
    assert false / sites <= LEVEL + 2 * np.sqrt(LEVEL / sites)


def test_groups_formed_by_chance_agreement_are_not_confirmed_by_new_facts():
    """Strangers grouped because they happened to agree; then each goes on alone."""
    random = np.random.default_rng(7)
    false, sites = 0, 30
    for _ in range(sites):
        rings, total = _chance_groups(random), np.zeros(6)
        confirmed = False
        for day in range(10):
            steps = _one_day(random, rings, START + day * DAY)
            total += np.log(steps)
            confirmed |= bool(e_bh(total, tested=6, level=LEVEL).any())
        false += confirmed
    assert false / sites <= LEVEL + 2 * np.sqrt(LEVEL / sites)


ACCOUNTS, KINDS = 300, 400


def _chance_groups(random: np.random.Generator) -> list[np.ndarray]:
    """Return the holders of the six values that most strangers happened to share."""
    held = random.integers(0, KINDS, (ACCOUNTS, 3))
    counts = np.bincount(held.ravel(), minlength=KINDS)
    best = np.argsort(-counts)[:6]
    return [np.flatnonzero((held == one).any(axis=1)) for one in best]


def _one_day(
    random: np.random.Generator, rings: list[np.ndarray], since: datetime
) -> list[float]:
    """Return the e-values of one day's new values, all of them chance."""
    new = random.poisson(random.gamma(0.5, 4.0, ACCOUNTS))
    account = np.repeat(np.arange(ACCOUNTS), new)
    links = _links(account, random.zipf(1.3, len(account)) % KINDS, since + DAY / 2)
    news = news_since(since, links, np.zeros(ACCOUNTS, np.int64))
    standing = [
        Standing(f"R{at}", tuple(links.account_ids[ring]), since)
        for at, ring in enumerate(rings)
    ]
    return [evidence(one, links, news) for one in standing]


def _links(account: np.ndarray, value: np.ndarray, first: datetime) -> Links:
    value = np.concatenate([value, np.arange(KINDS)])  # one old holder of each value
    account = np.concatenate([account, np.arange(KINDS) % ACCOUNTS])
    moments = np.full(len(value), int(first.timestamp() * 1e6))
    moments[-KINDS:] = 0
    order = np.lexsort((account, value))
    ids = np.array([f"a-{at:04}" for at in range(ACCOUNTS)], object)
    return Links(
        account_ids=ids,
        created=np.zeros(ACCOUNTS, np.int64),
        is_trusted=np.ones(ACCOUNTS, bool),
        account=account[order].astype(np.int32),
        value=value[order].astype(np.int32),
        first=moments[order],
        kind_of=np.full(KINDS, "net", object),
        text_of=np.array([str(at) for at in range(KINDS)], object),
        view_of=np.full(KINDS, VIEW_NAMES.index("network"), np.int8),
        strength=np.full(KINDS, 4.0),
        holders=np.bincount(value, minlength=KINDS),
        trusted=np.zeros(KINDS, np.int64),
    )


def test_a_campaign_that_goes_on_is_no_chance():
    """Its accounts keep meeting behind the same exits."""
    world = World()
    pool_names = world.campaign()
    since = AS_OF - 3 * DAY
    _go_on(world, pool_names, since)
    crowd = [f"honest-{at:04}" for at in range(300, 324)]
    e_values = e_values_of(
        world,
        Standing("ring", tuple(pool_names), since),
        Standing("crowd", tuple(crowd), since),
    )
    assert e_values["ring"] > 5
    assert e_values["crowd"] < 2


def test_sharing_an_old_value_once_more_is_no_news():
    world = World()
    names = world.campaign()
    for name in names:
        world.usage.append(
            exchange(name, 900, AS_OF - DAY, scaffold="5caff01d00000001")
        )
    ring = Standing("ring", tuple(names), AS_OF - 2 * DAY)
    assert e_values_of(world, ring)["ring"] == 1.0


def e_values_of(world: World, *standing: Standing) -> dict[str, float]:
    one = full_pass(world.backend(), as_of=AS_OF)
    return evidence_since(one.links, one.conduct.region, standing)


def _go_on(world: World, names: list[str], since: datetime) -> None:
    """Let everybody meet new networks: honest ones alone, the pool together."""
    for at in range(600):
        name = f"honest-{at:04}"
        moment = since + timedelta(hours=int(world.random.integers(1, 70)))
        world.values.append(value(name, "net", f"new-{at % 200}", moment))
    for at, name in enumerate(names):
        moment = since + timedelta(hours=at)
        world.values.append(value(name, "net", f"exit-{at % 4}", moment))
