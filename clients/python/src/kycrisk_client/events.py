"""Events in the background: bounded memory, retries, and a count of what was lost."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from kycrisk_client.answers import BatchAnswer
from kycrisk_client.calls import Call, Row, encoded, packed
from kycrisk_client.errors import ApiError, RateLimited, Unavailable
from kycrisk_client.pending import FIRST_WAIT, LONGEST_WAIT, Counters, Pending


class EventBuffer:
    """Collects rows and sends them from a thread of its own.

    `put` never waits for the network. When more than `max_items` rows or `max_bytes`
    of JSON wait, the oldest are dropped and counted. A batch that fails for now is kept
    and sent again: rows carry their event_id, so that the service counts each once.
    """

    def __init__(
        self,
        send: Callable[[Call[BatchAnswer]], BatchAnswer],
        *,
        max_items: int = 10_000,
        max_bytes: int = 16 * 1024 * 1024,
        batch_items: int = 1_000,
        flush_s: float = 2.0,
        on_rejected: Callable[[Row], None] | None = None,
    ) -> None:
        self._send = send
        self._pending = Pending(max_items, max_bytes)
        self._batch_items = batch_items
        self._flush_s = flush_s
        self._on_rejected = on_rejected
        self._counters = Counters()
        self._changed = threading.Condition()
        self._deadline: float | None = None  # set by close
        self._thread = threading.Thread(target=self._run, name="kycrisk", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    @property
    def counters(self) -> Counters:
        """What became of the rows so far."""
        with self._changed:
            return replace(self._counters)

    def put(self, row: Row) -> None:
        """Add a row of usage, usage_window or events; raise for what is no JSON."""
        line = encoded(row)
        with self._changed:
            if self._deadline is not None:
                raise RuntimeError("The buffer is closed.")
            self._counters.dropped += self._pending.add(line)
            if len(self._pending) >= self._batch_items:
                self._changed.notify()

    def close(self, timeout: float = 10.0) -> Counters:
        """Send what waits, for at most `timeout` seconds; count the rest as dropped."""
        with self._changed:
            self._deadline = time.monotonic() + timeout
            self._changed.notify()
        self._thread.join(timeout + FIRST_WAIT)
        with self._changed:
            self._counters.dropped += self._pending.clear()
        return self.counters

    def _run(self) -> None:
        while lines := self._next():
            self._deliver(lines)

    def _next(self) -> list[bytes]:
        """Wait for a full batch or the flush time; nothing only at the end."""
        with self._changed:
            while True:
                self._changed.wait_for(self._full, timeout=self._flush_s)
                if self._pending or self._deadline is not None:
                    return self._pending.take(self._batch_items)

    def _full(self) -> bool:
        return len(self._pending) >= self._batch_items or self._deadline is not None

    def _deliver(self, lines: list[bytes]) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                self._count(self._send(packed("events", lines)))
            except (Unavailable, RateLimited):
                if not self._pause(wait):
                    self._add("dropped", len(lines))
                    return
                wait = min(2 * wait, LONGEST_WAIT)
            except ApiError:
                self._add("refused", len(lines))
                return
            else:
                return

    def _pause(self, wait: float) -> bool:
        """Wait before another try; False when the time of `close` is up."""
        with self._changed:
            self._counters.retries += 1
            self._changed.wait_for(lambda: self._deadline is not None, timeout=wait)
            if self._deadline is None:
                return True
            left = self._deadline - time.monotonic()
            if left > 0:
                self._changed.wait(min(left, FIRST_WAIT))  # another close ends it
            return left > 0

    def _count(self, answer: BatchAnswer) -> None:
        self._add("accepted", answer.accepted)
        self._add("duplicates", answer.duplicates)
        self._add("rejected", len(answer.rejected))
        if self._on_rejected is not None:
            for row in answer.rejected:
                self._on_rejected(row)

    def _add(self, name: str, number: int) -> None:
        with self._changed:
            setattr(self._counters, name, getattr(self._counters, name) + number)
