"""Wait for what other processes do; they tell nobody, so it is looked at."""

import time
from collections.abc import Callable


def eventually(condition: Callable[[], bool], *, seconds: float = 120) -> bool:
    """Look until the condition holds or the time is over; return whether it holds."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)  # see above
    return condition()
