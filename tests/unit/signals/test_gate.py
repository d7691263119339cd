"""Batches compute in one thread, in turn; who would wait too long is told so."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.signals.services import gate as gates
from apps.signals.services.gate import BusyError, Gate


def test_who_waits_too_long_is_turned_away_and_who_has_begun_is_not(monkeypatch):
    monkeypatch.setattr(gates, "PATIENCE_S", 0.05)
    gate, begun, end = Gate(), threading.Event(), threading.Event()

    def long() -> str:
        begun.set()
        end.wait(10)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(gate.alone, long)
        assert begun.wait(10)
        with pytest.raises(BusyError):
            gate.alone(lambda: "never")
        end.set()
        assert first.result(10) == "done"


def test_an_error_of_the_work_is_the_caller_s():
    def fail() -> None:
        raise KeyError("row")

    with pytest.raises(KeyError):
        Gate().alone(fail)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority here")
def test_batches_give_way_to_the_other_threads():
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = priority()
    assert Gate().alone(priority) == before + gates.NICE
    assert priority() == before
