import gc

import pytest

from apps.core.garbage import collected_rarely


def test_the_collector_rests_and_comes_back():
    usual = gc.get_threshold()
    with collected_rarely():
        assert gc.get_threshold()[0] > usual[0]
        assert gc.get_threshold()[1:] == usual[1:]
    assert gc.get_threshold() == usual


def test_it_comes_back_after_an_error():
    usual = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), collected_rarely():
        raise ZeroDivisionError
    assert gc.get_threshold() == usual


def test_who_collects_more_rarely_already_keeps_to_it():
    usual = gc.get_threshold()
    gc.set_threshold(10**6, *usual[1:])
    try:
        with collected_rarely():
            assert gc.get_threshold()[0] == 10**6
    finally:
        gc.set_threshold(*usual)
