"""The house of every test: a migrated template, no network, no silent skip."""

import ipaddress
import os
import secrets
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None) -> Iterator[None]:
    """Run `db` tests as the serving role on a clone of the migrated template.

    Nobody may commit to it: all `db` tests of a process share it, in whatever order.
    """
    databases.make_template()
    database = databases.clone(f"kycrisk_test_{os.getpid()}")
    with databases.connected_to(database):
        yield
    databases.drop(database.name)


@pytest.fixture
def fresh_database(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[databases.Database]:
    """A database of this test's own: commits are real, other processes see them.

    `fresh_database.environment` is for subprocesses. Not to be mixed with `db`.
    """
    database = databases.clone(f"kycrisk_fresh_{os.getpid()}_{secrets.token_hex(4)}")
    with django_db_blocker.unblock(), databases.connected_to(database):
        yield database
    databases.drop(database.name)


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_local(address[0]):
            raise RuntimeError(f"a test tried to reach {address[0]}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Generator[None, Any, None]:
    """In CI a skip is a failure, but for real data that may not be there."""
    report = (yield).get_result()
    if not report.skipped or os.environ.get("CI") != "true":
        return
    if "KYCRISK_SHARED_DATA" not in str(report.longrepr) and not hasattr(
        report, "wasxfail"
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("KYCRISK_SHARED_DATA") or default)
    if not folder.is_dir():
        pytest.skip("KYCRISK_SHARED_DATA is absent")
    return folder
