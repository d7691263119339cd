"""The keeper: parent of the server, and the one that stops it.

A script of its own, standard library only, so that it stays small in memory:

    keeper.py POSTGRES DATA USERS_LOCK LOG KEEPER_LOCK_FD UID GID

It waits for the users lock. Whoever uses the server holds that lock shared, and
the kernel drops it when a process ends in whatever way, `kill -9` included. So
owning it alone means: nobody is left. Then the server is stopped.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

_STATUS_LINE = 7  # of postmaster.pid; PostgreSQL writes "ready" there
_MAX_LOG_BYTES = 10 * 1024 * 1024
_MAX_CRASHES = 8  # in a row
_PAUSE_S = 0.1  # before the first new start; doubled after each crash
_STEADY_S = 60.0  # who has served that long starts counting anew


def server_pid(data: Path) -> int | None:
    """Return the process id of the living server of that folder."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if _serves(pid, data) else None


def status(data: Path) -> str:
    """Return what the server says of itself, `ready` among others, or ``."""
    if server_pid(data) is None:
        return ""
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except OSError:
        return ""
    return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""


def clear_stale(data: Path) -> None:
    """Drop the pid file of a dead server: its number may belong to a stranger now."""
    if server_pid(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def stop(data: Path) -> None:
    """Stop the server (fast shutdown) and wait until it is gone."""
    pid = server_pid(data)
    if pid is not None:
        os.kill(pid, signal.SIGINT)
    while server_pid(data) is not None:
        time.sleep(0.01)  # an adopted server is no child: there is nothing to wait on


def _serves(pid: int, data: Path) -> bool:
    """Tell whether that process is the server of that folder (it works inside it)."""
    link = Path(f"/proc/{pid}/cwd")
    if not Path("/proc/self").exists():  # macOS
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    try:
        return link.readlink() == data.resolve()
    except OSError:
        return False


class _Keeper:
    def __init__(
        self, postgres: str, data: Path, log: Path, ids: tuple[int, int]
    ) -> None:
        self.postgres, self.data, self.log, self.ids = postgres, data, log, ids
        self.child: subprocess.Popen[bytes] | None = None
        self.stopping = threading.Event()

    def run(self) -> None:
        """Serve until told to stop; start again after a crash, a few times in a row."""
        if server_pid(self.data) is not None:  # left by a keeper that was killed
            self.stopping.wait()
            stop(self.data)
            return
        crashes = 0
        while crashes < _MAX_CRASHES:
            begun = time.monotonic()
            if self._serve() == 0 or self.stopping.is_set():
                return
            crashes = 1 if time.monotonic() - begun > _STEADY_S else crashes + 1
            # The processes of a killed server hold its memory until they notice, and
            # so long no other starts: on a busy machine that takes seconds.
            if self.stopping.wait(_PAUSE_S * 2**crashes):
                return

    def stop_when_alone(self, users: int) -> None:
        """Wait for the users lock, then have the server stop; the lock stays held."""
        fcntl.flock(users, fcntl.LOCK_EX)
        self.stopping.set()
        self._interrupt()

    def _serve(self) -> int:
        clear_stale(self.data)
        if self.log.exists() and self.log.stat().st_size > _MAX_LOG_BYTES:
            os.truncate(self.log, 0)
        user, group = self.ids
        rights: dict[str, object] = (
            {"user": user, "group": group, "extra_groups": []} if user >= 0 else {}
        )
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - paths from our caller
                [self.postgres, "-D", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                umask=0o077,
                **rights,
            )
        if self.stopping.is_set():  # the other thread may have come before `child`
            self._interrupt()
        return int(self.child.wait())

    def _interrupt(self) -> None:
        if self.child is not None:
            self.child.send_signal(signal.SIGINT)  # fast shutdown


def main(arguments: list[str]) -> None:
    postgres, data, users_lock, log, alive, user, group = arguments
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # A handler, since an ignored signal would stay ignored in the server.
        signal.signal(number, lambda *_: None)
    keeper = _Keeper(postgres, Path(data), Path(log), (int(user), int(group)))
    users = os.open(users_lock, os.O_RDWR | os.O_CLOEXEC)
    watcher = threading.Thread(
        target=keeper.stop_when_alone, args=(users,), daemon=True
    )
    watcher.start()
    keeper.run()
    # The keeper lock first: who then gets the users lock sees that no keeper lives.
    os.close(int(alive))
    os.close(users)


if __name__ == "__main__":
    main(sys.argv[1:])
