"""Work in threads on a stream: in order, bounded, and errors come in their place."""

import threading

import pytest

from apps.core.ahead import ahead


def test_results_come_in_the_order_of_the_things():
    later = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert later.wait(10)  # the first ends after the second
        else:
            later.set()
        return number * number

    assert list(ahead(work, range(5), threads=2)) == [0, 1, 4, 9, 16]


def test_no_more_than_one_beyond_the_threads_is_read_ahead():
    read = []

    def things():
        for number in range(10):
            read.append(number)
            yield number

    found = ahead(lambda number: number, things(), threads=2)
    assert next(found) == 0
    assert read == [0, 1, 2]


def test_an_error_comes_in_its_place_and_ends_the_stream():
    done = []

    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        done.append(number)
        return number

    found = ahead(work, range(100), threads=1)
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(found)
    assert len(done) <= 4
