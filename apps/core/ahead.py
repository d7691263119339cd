"""Do work on a stream of things in a few threads, and keep its order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Done = TypeVar("Done")


def ahead(
    work: Callable[[Thing], Done], things: Iterable[Thing], *, threads: int
) -> Iterator[Done]:
    """Yield `work(thing)` for each thing, in their order, `threads` of them at a time.

    At most one more than `threads` are held, however long the stream is. It pays where
    the work is computing outside of Python (Arrow, DuckDB, compression). An error comes
    in its place; what was begun by then is finished, and nothing more is begun.
    """
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            for thing in things:
                waiting.append(pool.submit(work, thing))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
