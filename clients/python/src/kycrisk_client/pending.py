"""The bounded store behind an event buffer, and what became of its rows."""

from collections import deque
from dataclasses import dataclass
from typing import Final

BATCH_BYTES: Final = 4 * 1024 * 1024  # of JSON; the service takes more
FIRST_WAIT: Final = 0.5  # seconds after a batch that failed for now; doubles
LONGEST_WAIT: Final = 30.0


@dataclass(slots=True)
class Counters:
    """How many rows went which way; nothing leaves a buffer uncounted."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0  # the service refused the row
    refused: int = 0  # the service refused the whole batch, for good
    dropped: int = 0  # pushed out by newer rows, or left when time was up
    retries: int = 0


class Pending:
    """Rows as JSON, oldest first, within a number of rows and of bytes."""

    def __init__(self, max_items: int, max_bytes: int) -> None:
        self._rows: deque[bytes] = deque()
        self._bytes = 0
        self._max_items = max_items
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: bytes) -> int:
        """Add a row; return how many were dropped for it: the oldest, or itself."""
        if len(row) > min(self._max_bytes, BATCH_BYTES):
            return 1
        self._rows.append(row)
        self._bytes += len(row)
        dropped = 0
        while len(self._rows) > self._max_items or self._bytes > self._max_bytes:
            self._bytes -= len(self._rows.popleft())
            dropped += 1
        return dropped

    def take(self, items: int) -> list[bytes]:
        """Remove and return the oldest rows, as many as fit into one batch."""
        taken: list[bytes] = []
        size = 0
        while self._rows and len(taken) < items:
            size += len(self._rows[0])
            if taken and size > BATCH_BYTES:
                break
            taken.append(self._rows.popleft())
        self._bytes -= sum(map(len, taken))
        return taken

    def clear(self) -> int:
        """Drop everything; return how many rows that were."""
        left = len(self._rows)
        self._rows.clear()
        self._bytes = 0
        return left
