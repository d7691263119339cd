"""Run a few child processes as one: start, watch, restart, stop, leave none behind."""

import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from apps.core import guard

_RESTARTS = 5
_WITHIN_SECONDS = 60.0
_SECONDS_TO_LEAVE = 8.0
_GLANCE_SECONDS = 0.2


class ChildDiedError(Exception):
    """A child died too often; the service cannot go on without it."""


@dataclass(slots=True)
class _Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=_RESTARTS))


class Supervisor:
    """Children in process groups of their own, and a guard that knows these groups."""

    def __init__(
        self,
        *,
        folder: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self._folder, self._environment, self._say = folder, environment, say
        self._children: list[_Child] = []
        self._over = threading.Event()
        self._guard = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-ISs", guard.__file__],
            stdin=subprocess.PIPE,
            process_group=0,
            cwd="/",
        )

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a child that is to live as long as this process."""
        self._children.append(_Child(name, command, self._spawn(command)))

    def ask_to_stop(self, *_: object) -> None:
        """Make `watch` return; fit for a signal handler."""
        self._over.set()

    def watch(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Restart what dies; return True when `until()` holds, False on a stop.

        Raises ChildDiedError when one dies five times within a minute.
        """
        while not self._over.wait(_GLANCE_SECONDS):
            for child in self._children:
                if child.process.poll() is not None:
                    self._revive(child)
            if self._guard.poll() is not None:
                raise ChildDiedError("The guard process was killed.")
            if until():
                return True
        return False

    def stop(self) -> None:
        """Stop all children, then kill whatever is left of their groups."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + _SECONDS_TO_LEAVE
        for child in self._children:
            try:
                child.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"{child.name} did not stop in time; it is killed.")
        guard.end((child.process.pid for child in self._children), seconds=0.0)
        for child in self._children:
            child.process.wait()
        self._guard.communicate()

    def _revive(self, child: _Child) -> None:
        # Its own children may live on, and hold its port.
        guard.end([child.process.pid], seconds=0.0)
        self._tell_guard("-", child.process.pid)
        now = time.monotonic()
        code = child.process.returncode
        full = len(child.deaths) == _RESTARTS
        if full and now - child.deaths[0] < _WITHIN_SECONDS:
            raise ChildDiedError(f"{child.name} died again and again (code {code}).")
        child.deaths.append(now)
        self._say(f"{child.name} died (code {code}); starting it again.")
        if not self._over.wait(min(1.0, 0.2 * len(child.deaths))):
            child.process = self._spawn(child.command)

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - commands of `up`
            command,
            cwd=self._folder,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),  # our standard output has the ready line only
            process_group=0,
        )
        self._tell_guard("+", process.pid)
        return process

    def _tell_guard(self, sign: str, group: int) -> None:
        assert self._guard.stdin is not None  # noqa: S101 - it was opened as a pipe
        with suppress(BrokenPipeError):  # `watch` notices a dead guard
            self._guard.stdin.write(f"{sign}{group}\n".encode())
            self._guard.stdin.flush()
