"""Two lanes: order within one, errors told, nothing begun after one."""

import threading

import pytest
from django.db import connection, transaction

from apps.core.lanes import LANES, in_lanes, lane_of

pytestmark = pytest.mark.usefixtures("fresh_database")


def test_a_lane_keeps_its_order_and_has_a_connection_of_its_own():
    done: dict[int, list[int]] = {lane: [] for lane in range(LANES)}
    backends = set()

    def work(thing: tuple[int, int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.add(cursor.fetchone())
        lane, number = thing
        done[lane].append(number)

    with in_lanes(work) as hand_over:
        for number in range(20):
            hand_over(number % LANES, (number % LANES, number))
    assert [done[lane] for lane in range(LANES)] == [
        list(range(lane, 20, LANES)) for lane in range(LANES)
    ]
    assert len(backends) == LANES


def test_an_error_is_raised_and_nothing_more_is_begun():
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        raise ValueError("no")

    def give() -> None:
        with in_lanes(work) as hand_over:
            for number in range(100):
                hand_over(0, number)

    with pytest.raises(ValueError, match="no"):
        give()
    assert begun == [0]
    assert not [one for one in threading.enumerate() if one.name == "lane"]


def test_the_caller_s_error_stops_the_lanes():
    gate, begun = threading.Event(), []

    def work(number: int) -> None:
        begun.append(number)
        gate.wait(10)

    def fail() -> None:
        with in_lanes(work) as hand_over:
            hand_over(0, 0)
            hand_over(0, 1)
            threading.Timer(0.2, gate.set).start()
            raise KeyError("reader")

    with pytest.raises(KeyError):
        fail()
    assert begun in ([0], [])


def test_in_a_transaction_the_caller_s_thread_does_it():
    threads = []
    with transaction.atomic(), in_lanes(lambda _: threads.append(True)) as hand_over:
        hand_over(1, threading.current_thread())
        assert threads == [True]


def test_a_key_has_the_same_lane_everywhere():
    assert [lane_of(f"acc_{number}") for number in range(6)] == [1, 1, 1, 1, 0, 0]
