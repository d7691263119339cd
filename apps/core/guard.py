"""The guard of `up`: when `up` is gone, nothing that it started stays.

A script of its own, standard library only: guard.py FD. The other end of FD is held by
`up` alone, so its end-of-file means that `up` has ended, however it ended.
"""

import os
import signal
import sys
import time

_SECONDS_TO_LEAVE = 3.0


def main(watched: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(watched, 1):
        pass
    group = os.getpgrp()
    os.killpg(group, signal.SIGTERM)
    time.sleep(_SECONDS_TO_LEAVE)
    os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
