"""What is counted over time: detections with misses, leaks, false alarms, intervals."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.benchmark import Account, Export, Work, first_alarms, watch
from ml.benchmark.fairness import group_rates
from ml.benchmark.reach import reach
from ml.benchmark.spread import by_cluster, least_over_most
from ml.benchmark.survival import kaplan_meier

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def ring_account(name, ring, level="L2"):
    return Account(name, "individual", level, ring, honest=False, created_at=BEGIN)


def honest_account(name, group=0, created=BEGIN):
    return Account(name, "campus", None, None, honest=True, group=group,
                   created_at=created)  # fmt: skip


def worked(*rows):
    names, days, asked, served = zip(*rows, strict=True)
    return Work(names, tuple(BEGIN + at * DAY for at in days), asked, served)


def test_misses_are_censored_and_not_dropped():
    found = kaplan_meier([2, 4, 9, 9], [True, True, False, False])

    assert found.left == (0.75, 0.5)
    assert found.when(0.5) == 4
    assert found.when(0.9) is None
    assert kaplan_meier([9, 9], [False, False]).when(0.5) is None


def test_a_censored_one_leaves_those_at_risk():
    # 1 caught of 3 at risk, one leaves at 3, the last is caught at 5
    found = kaplan_meier([1, 3, 5], [True, False, True])

    assert found.left == pytest.approx((2 / 3, 0))


@given(st.lists(st.tuples(st.floats(0, 1e4), st.booleans()), min_size=1, max_size=40))
def test_the_curve_only_falls(rows):
    found = kaplan_meier(*zip(*rows, strict=True))

    assert list(found.left) == sorted(found.left, reverse=True)
    assert all(0 <= left <= 1 for left in found.left)
    if all(seen for _, seen in rows):
        assert found.left[-1] == pytest.approx(0, abs=1e-9)
        middle = sorted(span for span, _ in rows)[math.ceil(len(rows) / 2) - 1]
        assert found.when(0.5) == middle


@pytest.fixture
def two_rings():
    truth = [
        *(ring_account(f"a{at}", "A") for at in range(4)),
        *(ring_account(f"b{at}", "B", "L4") for at in range(2)),
        honest_account("h1"),
        honest_account("h2"),
    ]
    rows = [(f"a{at}", day, 10, 9) for at in range(4) for day in (2, 3, 12)]
    rows += [(f"b{at}", day, 50, 50) for at in range(2) for day in (-5, 1)]
    return truth, worked(*rows)


def test_a_ring_is_caught_when_half_of_it_is_flagged(two_rings):
    truth, work = two_rings
    alarms = {"a0": BEGIN + 5 * DAY, "a1": BEGIN + 10 * DAY, "h1": BEGIN + 10 * DAY}
    moments = [BEGIN + at * DAY for at in (5, 10, 20)]

    found = watch(truth, work, alarms, moments, BEGIN)

    times = found["hours_to_detect"]
    assert times["L2"] == {"rings": 1, "caught": 1, "median": 8 * 24, "p90": 8 * 24}
    assert times["L4"] == {"rings": 1, "caught": 0, "median": None, "p90": None}
    assert times["all"]["caught"] == 1
    # by day 10: four accounts with nine answers on each of two days
    assert found["exchanges_at_the_alarm"]["L2"]["median"] == 72
    assert found["exchanges_at_the_alarm"]["L4"]["median"] is None


def test_what_is_answered_before_the_alarm_has_leaked(two_rings):
    truth, work = two_rings
    alarms = {"a0": BEGIN + 5 * DAY, "b0": BEGIN + DAY}
    found = watch(truth, work, alarms, [BEGIN + 20 * DAY], BEGIN)["leaked"]

    assert found["L2"] == {"attempted": 120, "share": (120 - 12 - 9) / 120}
    # what came before watching began is no system's fault
    assert found["L4"] == {"attempted": 100, "share": 0.5}
    assert found["all"]["attempted"] == 220


def test_false_alarms_count_for_days_lived(two_rings):
    truth, work = two_rings
    alarms = {"h1": BEGIN + 10 * DAY}
    found = watch(truth, work, alarms, [BEGIN + 20 * DAY], BEGIN)["false_alarms"]

    assert found["account_days"] == 30
    assert found["per_30_account_days"] == pytest.approx(1)


def test_the_first_alarm_counts():
    exports = [Export(BEGIN + at * DAY, {"a": score}) for at, score in
               ((9, 0.9), (3, 0.8), (1, 0.1))]  # fmt: skip

    assert first_alarms(exports, 0.5) == {"a": BEGIN + 3 * DAY}


def test_intervals_know_that_a_ring_is_one_draw():
    flags = np.array([True] * 50 + [False] * 50)
    together = by_cluster(flags, ["a"] * 50 + ["b"] * 50)
    apart = by_cluster(flags, [str(at) for at in range(100)])

    assert together == (0, 1)
    assert 0.38 < apart[0] < 0.44
    assert 0.56 < apart[1] < 0.62
    assert by_cluster(flags, ["one"] * 100) is None


def test_groups_are_compared_at_thresholds_of_validation():
    truth = [honest_account(f"h{at}", at % 2) for at in range(1000)]
    before = {f"h{at}": at / 1000 for at in range(1000)}
    after = {name: score + (0.2 if int(name[1:]) % 2 else 0) for name, score in
             before.items()}  # fmt: skip
    tables = group_rates(truth, before, after)

    assert [table["rate"] for table in tables] == [0.01, 0.02, 0.05]
    # above .949: 25 of the even, and of the odd all that were above .749
    wide = tables[-1]
    assert wide["groups"]["0"]["value"] == 25 / 500
    assert wide["groups"]["1"]["value"] == 126 / 500
    assert wide["ratio"] == pytest.approx(25 / 126)
    assert wide["ratio"] < wide["ratio_at_most"] < 0.35
    # who is blind to groups flags 75 or so of each: never that unequally
    usual, seldom = wide["ratio_by_chance"]
    assert wide["ratio"] < 0.6 < seldom < usual < 1


def test_chance_alone_makes_groups_unequal():
    rng = np.random.default_rng(3)
    flags = rng.random(6_000) < 0.05
    alone = [str(at) for at in range(6_000)]
    houses = [str(at // 20) for at in range(6_000)]
    groups = [str(at % 6) for at in range(6_000)]

    nobody = np.zeros(6_000, bool)
    (usual, seldom), none = least_over_most(np.array([flags, nobody]), alone, groups)
    assert 0.4 < seldom < usual < 0.8
    # who stands and falls together spreads wider
    together = np.repeat(rng.random(300) < 0.05, 20)
    assert least_over_most(together[None], houses, groups)[0][0] < usual
    assert none == (1, 1)


def test_reach_says_who_was_compared_with_its_own(two_rings):
    truth, _ = two_rings
    pairs = [("a0", "a1"), ("a2", "a3"), ("a0", "b0"), ("b1", "h1"), ("a0", "gone")]
    known = ["a0", "a1", "a2", "b0", "b1", "h1"]
    found = reach(truth, pairs, known)

    assert found["L2"] == {"accounts": 3, "paired": 2 / 3, "joined": 2 / 3}
    assert found["L4"] == {"accounts": 2, "paired": 0, "joined": 0}
    assert reach(truth, [], known)["all"]["joined"] == 0
    assert reach([honest_account("h1")], [], ["h1"]) == {}
