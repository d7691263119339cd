"""Join, start and stop the one server of a home. Locks decide, never guesses."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.embedded import binaries, cluster, keeper
from apps.core.embedded.layout import Layout, UnusableError

_START_SECONDS = 120.0
# The descriptors of joined servers stay open as long as this process lives.
_joined: dict[Path, int] = {}
_keepers: list[subprocess.Popen[bytes]] = []  # they outlive this process


def ensure() -> None:
    """Join the server of the settings; start it when it does not run."""
    ensure_layout(Layout.of_settings())


def ensure_layout(layout: Layout) -> None:
    """Join that server for the rest of this process; start it when needed.

    Raises UnusableError with a sentence for the reader where it cannot run.
    """
    if layout.users_lock in _joined:
        return
    _make_root(layout)
    with _locked(layout.start_lock):
        # Waits while a keeper is stopping the server that we want to start.
        users = _open(layout.users_lock)
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            _start(layout)
        except BaseException:  # also Ctrl-C: an open lock would keep the server up
            os.close(users)
            raise
        _joined[layout.users_lock] = users


def leave(layout: Layout) -> None:
    """Give up this process's hold; the server stops when nobody else has one."""
    users = _joined.pop(layout.users_lock, None)
    if users is not None:
        os.close(users)


def is_running(layout: Layout) -> bool:
    """Tell whether the server answers connections."""
    return keeper.status(layout.data) == "ready"


def remove(layout: Layout) -> None:
    """Stop the server and delete its data; refuse while another process uses it."""
    if not layout.root.exists():
        return
    with _locked(layout.start_lock):
        users = _open(layout.users_lock)
        try:
            _own(users)
            keeper.stop(layout.data)
        finally:
            os.close(users)
        shutil.rmtree(layout.data, ignore_errors=True)
        shutil.rmtree(layout.sockets, ignore_errors=True)
        layout.log.unlink(missing_ok=True)
        layout.mark.unlink(missing_ok=True)


def _own(users: int) -> None:
    """Take the users lock alone; a keeper that is stopping gets time to finish."""
    end = time.monotonic() + 10
    while True:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise UnusableError(
                    "Another process uses this database; stop it first."
                ) from None
            time.sleep(0.05)  # flock has no wait that ends at a deadline
        else:
            return


def _make_root(layout: Layout) -> None:
    if layout.as_root:
        layout.root.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        layout.root.mkdir(exist_ok=True, mode=0o711)
    else:
        layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)


def _start(layout: Layout) -> None:
    """Leave with a keeper alive and the server ready."""
    ours = _have_keeper(layout)
    if _becomes_ready(layout):
        return
    # Another's keeper may just have been ending, with a server that was told to stop.
    if not ours and _have_keeper(layout) and _becomes_ready(layout):
        return
    raise UnusableError(
        f"The embedded PostgreSQL did not start: {_last_words(layout)}"
        f" ({layout.log} holds more)."
    )


def _have_keeper(layout: Layout) -> bool:
    """Launch a keeper where none lives; return whether that was so."""
    alive = _open(layout.keeper_lock)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # a keeper lives; it starts and restarts the server
    else:
        programs = binaries.folder(layout)
        cluster.prepare(layout, programs)
        keeper.clear_stale(layout.data)
        _launch_keeper(layout, programs, alive)
        return True
    finally:
        os.close(alive)


def _launch_keeper(layout: Layout, programs: Path, alive: int) -> None:
    """Start the keeper; it inherits the held keeper lock, so there is no gap."""
    user, group = layout.identity if layout.as_root else (-1, -1)
    layout.log.touch(mode=0o600)
    _keepers.append(
        subprocess.Popen(  # noqa: S603 - our own script and paths
            [
                sys.executable,
                "-ISs",
                keeper.__file__,
                str(programs / "postgres"),
                str(layout.data),
                str(layout.users_lock),
                str(layout.log),
                str(alive),
                str(user),
                str(group),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=[alive],
        )
    )


def _becomes_ready(layout: Layout) -> bool:
    """Wait for the server; False where its keeper gives up, or time is up."""
    end = time.monotonic() + _START_SECONDS
    while not is_running(layout):
        if time.monotonic() > end or not _keeper_lives(layout):
            return is_running(layout)
        time.sleep(0.01)  # readiness is a line in a file; nobody announces it
    return True


def _last_words(layout: Layout) -> str:
    """Return why the server ended, as its log says; the log holds no personal value."""
    try:
        lines = layout.log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (fatal or lines or ["it said nothing"])[-1].strip()


def _keeper_lives(layout: Layout) -> bool:
    alive = _open(layout.keeper_lock)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(alive)
    return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
