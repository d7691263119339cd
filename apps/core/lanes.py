"""Work that must keep its order per key, done in two threads of their own.

What one key brings stays in one lane and in order; lanes know nothing of each other.
It pays where a thread waits for the database while another one computes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Event, Thread
from typing import Final, Generic, TypeVar
from zlib import crc32

from django.db import connection

Thing = TypeVar("Thing")
LANES: Final = 2
_WAITING: Final = 2  # things a lane; a reader that is quicker waits


def lane_of(key: str) -> int:
    """Return the lane of a key: the same in every process and every run."""
    return crc32(key.encode()) % LANES


class _Lane(Thread, Generic[Thing]):
    """Does things in the order in which they come, until None or an error."""

    def __init__(self, work: Callable[[Thing], None], stop: Event) -> None:
        super().__init__(name="lane")
        self.things: Queue[Thing | None] = Queue(_WAITING)
        self.error: BaseException | None = None
        self._work, self._stopped = work, stop

    def run(self) -> None:
        try:
            while (thing := self.things.get()) is not None:
                if not self._stopped.is_set():
                    self._try(thing)
        finally:
            connection.close()  # this thread's own

    def _try(self, thing: Thing) -> None:
        try:
            self._work(thing)
        except BaseException as error:  # noqa: BLE001 - raised again by the owner
            self.error = error
            self._stopped.set()


@contextmanager
def in_lanes(
    work: Callable[[Thing], None],
) -> Iterator[Callable[[int, Thing], None]]:
    """Give a function that hands a thing to a lane; at the end all is done.

    Each lane has a connection of its own. Inside of a transaction, which no other
    connection could see, `work` is done at once in the caller's thread. The first error
    of a lane is raised by the next hand-over or at the end, and nothing more is begun.
    """
    if connection.in_atomic_block:
        yield lambda _lane, thing: work(thing)
        return
    stop = Event()
    lanes = [_Lane(work, stop) for _ in range(LANES)]

    def hand_over(lane: int, thing: Thing) -> None:
        _raise_first(lanes)
        lanes[lane].things.put(thing)

    for one in lanes:
        one.start()
    try:
        yield hand_over
    except BaseException:
        stop.set()
        raise
    finally:
        for one in lanes:
            one.things.put(None)
        for one in lanes:
            one.join()
    _raise_first(lanes)


def _raise_first(lanes: list[_Lane[Thing]]) -> None:
    for one in lanes:
        if one.error is not None:
            raise one.error
