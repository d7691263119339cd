"""`up` with real processes: ready, healing, and nothing left behind."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests import services
from tests.databases import Database
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.fixture
def service(fresh_database: Database) -> Iterator[services.Service]:
    process = services.start(fresh_database.environment)
    yield process
    process.kill()
    process.communicate()


def _status(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"]
    except HTTPError as error:
        return error.code, error.headers["Content-Type"]


def _below(pid: int) -> dict[int, str]:
    """Return the living processes under this one: pid -> command line."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    found, wanted = {}, [pid]
    while wanted:
        for child in parents.get(wanted.pop(), []):
            wanted.append(child)
            with suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_text()
    return found


def _alive(pids: dict[int, str]) -> list[str]:
    alive = []
    for pid, command in pids.items():
        with suppress(OSError):
            stat = Path(f"/proc/{pid}/stat").read_text()
            if stat.rpartition(")")[2].split()[0] != "Z":
                alive.append(command)
    return alive


def _answers(url: str) -> bool:
    try:
        return _status(url)[0] == 200
    except OSError:
        return False


def _gone(pids: dict[int, str]) -> bool:
    return eventually(lambda: not _alive(pids))


def test_serves_heals_and_leaves_nothing(service: services.Service) -> None:
    address = services.address_of(service)
    assert _status(f"{address}/healthz")[0] == 200
    assert _status(f"{address}/v1/nothing") == (404, "application/problem+json")
    assert _status(f"{address}/metrics")[0] == 200
    web = next(pid for pid, line in _below(service.pid).items() if "granian" in line)
    os.kill(web, signal.SIGKILL)
    assert eventually(lambda: web not in _below(service.pid))
    assert eventually(lambda: _answers(f"{address}/readyz"))
    children = _below(service.pid)
    assert sum("granian" in line for line in children.values()) >= 3
    service.terminate()
    assert service.wait(timeout=20) == 0
    assert _gone(children), _alive(children)


def test_even_when_killed_leaves_nothing(service: services.Service) -> None:
    services.address_of(service)
    children = _below(service.pid)
    service.kill()
    service.wait()
    assert _gone(children), _alive(children)
