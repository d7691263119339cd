"""How long work tells where it stands: a bar on a terminal, lines elsewhere."""

import sys
import time
from typing import Any, Protocol, Self, TextIO

_SECONDS_BETWEEN_LINES = 5.0


class Progress(Protocol):
    """What a service may be given to report on its way."""

    def advance(
        self, done: int, total: int | None = None, phase: str | None = None
    ) -> None:
        """State the absolute number of units done so far."""


class Silent:
    """For callers that do not watch."""

    def advance(
        self, done: int, total: int | None = None, phase: str | None = None
    ) -> None:
        """Ignore it."""


class Bar:
    """One labeled piece of work on the error stream; a context manager."""

    def __init__(
        self, label: str, total: int | None = None, *, stream: TextIO | None = None
    ) -> None:
        self.label, self.total, self.done = label, total, 0
        self._stream = stream or sys.stderr
        self._bar = self._drawn() if self._stream.isatty() else None
        self._said_at, self._said = time.monotonic(), -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the finished bar (or one last line) behind."""
        if self._bar is not None:
            self._bar.close()
        elif self._said != self.done:
            self._say()

    def update(self, count: int = 1) -> None:
        """Add to what is done."""
        self.advance(self.done + count)

    def advance(
        self, done: int, total: int | None = None, phase: str | None = None
    ) -> None:
        """State the absolute number of units done so far."""
        step, self.done = done - self.done, done
        self.total = total if total is not None else self.total
        if self._bar is not None:
            self._bar.total = self.total
            if phase:
                self._bar.set_postfix_str(phase, refresh=False)
            self._bar.update(step)
        elif time.monotonic() - self._said_at > _SECONDS_BETWEEN_LINES:
            self._say(phase)

    def _drawn(self) -> Any:
        # tqdm takes 40 ms; most commands run without a terminal.
        from tqdm import tqdm

        return tqdm(total=self.total, desc=self.label, file=self._stream, leave=True)

    def _say(self, phase: str | None = None) -> None:
        self._said_at, self._said = time.monotonic(), self.done
        of = f" of {self.total:,}" if self.total is not None else ""
        more = f" ({phase})" if phase else ""
        print(f"{self.label}: {self.done:,}{of}{more}", file=self._stream, flush=True)
