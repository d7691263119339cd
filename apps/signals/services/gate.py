"""How many batches one web process takes at a time.

A batch computes for a third of a second; were every thread of the process to take one,
an assessment would wait behind them. So batches have seats, fewer than the process has
threads: one computes, others wait a moment for it, and who finds no seat is told when
to come again.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from apps.core.errors import DomainError

SEATS: Final = 2  # of the four threads of a web process (`up`)
PATIENCE_S: Final = 1.5
COME_AGAIN_S: Final = 1
POLICY: Final = f'"events";q={SEATS};qu="concurrent-requests"'


class BusyError(DomainError):
    """No seat is free; `wait` is the number of seconds to wait."""

    code = "quota_exceeded"
    status = 429
    wait = COME_AGAIN_S

    def __init__(self) -> None:
        super().__init__("Too many batches at once; send this one again.")
        self.headers = {"RateLimit-Policy": POLICY, "RateLimit": '"events";r=0'}


class Gate:
    """Seats for batches, and the one place where they compute."""

    def __init__(self) -> None:
        self._place = threading.Lock()
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

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Compute alone inside; raise BusyError when the one before takes too long."""
        if not self._place.acquire(timeout=PATIENCE_S):
            raise BusyError
        try:
            yield
        finally:
            self._place.release()

    @property
    def headers(self) -> dict[str, str]:
        """What is left, in the fields of the IETF's RateLimit draft."""
        return {"RateLimit-Policy": POLICY, "RateLimit": f'"events";r={self._free}'}


GATE: Final = Gate()
