"""How many batches one web process takes at a time, and where they compute.

A batch computes for a quarter of a second; were every thread of the process to take
one, an assessment would wait behind them. So batches have seats, fewer than the process
has threads, and one thread that computes them in turn; who finds no seat is told when
to come again. The kernel gives that thread its time after those of waiting customers.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Final, TypeVar

from django.db import close_old_connections, connection

from apps.core.errors import DomainError

Done = TypeVar("Done")
# Of the six threads of a web process (`up`). Connections are dealt out to processes by
# chance: all four of a usual client may meet in one, and none of them is turned away.
SEATS: Final = 4
PATIENCE_S: Final = 1.5
COME_AGAIN_S: Final = 1
POLICY: Final = f'"events";q={SEATS};qu="concurrent-requests"'
NICE: Final = 10


class BusyError(DomainError):
    """No seat is free; `wait` is the number of seconds to wait."""

    code = "quota_exceeded"
    status = 429
    wait = COME_AGAIN_S

    def __init__(self) -> None:
        super().__init__("Too many batches at once; send this one again.")
        self.headers = {"RateLimit-Policy": POLICY, "RateLimit": '"events";r=0'}


class Gate:
    """Seats for batches, and the one thread where they compute."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "batches", initializer=_give_way)
        self._counting = threading.Lock()
        self._free = SEATS

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Hold a seat inside; raise BusyError where none is free."""
        with self._counting:
            if self._free == 0:
                raise BusyError
            self._free -= 1
        try:
            yield
        finally:
            with self._counting:
                self._free += 1

    def alone(self, work: Callable[[], Done]) -> Done:
        """Do work in the thread for batches; raise BusyError where its turn is far off.

        Inside of a transaction, which that thread's connection could not see, the
        caller's thread does it.
        """
        if connection.in_atomic_block:
            return work()
        turn = self._thread.submit(copy_context().run, _connected, work)
        try:
            return turn.result(PATIENCE_S)
        except TimeoutError:
            if turn.cancel():
                raise BusyError from None
            return turn.result()  # it has begun

    @property
    def headers(self) -> dict[str, str]:
        """What is left, in the fields of the IETF's RateLimit draft."""
        return {"RateLimit-Policy": POLICY, "RateLimit": f'"events";r={self._free}'}


def _give_way() -> None:
    """Let this thread compute after others; there is no way back without privilege."""
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        me = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, me)
        os.setpriority(os.PRIO_PROCESS, me, now + NICE)


def _connected(work: Callable[[], Done]) -> Done:
    """Do work as a request would: connections that broke or aged are not used."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


GATE: Final = Gate()
