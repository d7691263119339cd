"""The guard of `up`: when `up` is gone, nothing that it started stays.

A script of its own, standard library only. Its standard input is held by `up` alone,
so end-of-file means that `up` has ended, however it ended. Before that, lines name the
process groups to end then: `+1234` one more, `-1234` one less.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

_SECONDS_TO_LEAVE = 3.0
_GLANCE_SECONDS = 0.1


def end(groups: Iterable[int], *, seconds: float = _SECONDS_TO_LEAVE) -> None:
    """Ask process groups to end; kill what is left of them after a while."""
    left = [group for group in groups if _signal(group, signal.SIGTERM)]
    until = time.monotonic() + seconds
    while left and time.monotonic() < until:
        time.sleep(_GLANCE_SECONDS)  # groups of others: no signal says that they ended
        left = [group for group in left if _signal(group, 0)]
    for group in left:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    end(groups)


if __name__ == "__main__":
    main()
