"""Where the embedded server keeps its files, and as whom it runs."""

import os
import pwd
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.conf import settings

SERVER_USER = "kycrisk"


class UnusableError(Exception):
    """The embedded server cannot run here; the text says what to do."""


@dataclass(frozen=True)
class Layout:
    """Paths and identity of one embedded server.

    As root, PostgreSQL refuses to run: data then lie under /var/lib/kycrisk and
    the server runs as the system user `kycrisk`. Otherwise all is the caller's.
    """

    root: Path
    sockets: Path
    home: Path
    passwords: dict[str, str]

    @classmethod
    def of_settings(cls) -> "Layout":
        roles = ("owner", "app")
        return cls(
            root=settings.EMBEDDED_ROOT,
            sockets=settings.EMBEDDED_SOCKETS,
            home=settings.KYCRISK_HOME,
            passwords={
                f"kycrisk_{role}": settings.EMBEDDED_KEYS.text(
                    f"database-{role}", length=32
                )
                for role in roles
            },
        )

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def users_lock(self) -> Path:
        """Shared by every user of the server; the keeper waits to own it alone."""
        return self.root / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held while one process looks after start and removal."""
        return self.root / "start.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the living keeper of the server."""
        return self.root / "keeper.lock"

    @property
    def mark(self) -> Path:
        """Ties the data to the home; see `cluster.discard_orphan`."""
        return self.home / "postgres.id"

    @property
    def as_root(self) -> bool:
        return os.geteuid() == 0

    @cached_property
    def identity(self) -> tuple[int, int]:
        """User and group ids of the server process."""
        if not self.as_root:
            return os.geteuid(), os.getegid()
        entry = pwd.getpwnam(SERVER_USER)
        return entry.pw_uid, entry.pw_gid

    def process_options(self) -> dict[str, object]:
        """Keyword arguments for subprocess that make it the server's user."""
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        common: dict[str, object] = {"env": environment, "umask": 0o077}
        if not self.as_root:
            return common
        user, group = self.identity
        return common | {"user": user, "group": group, "extra_groups": []}
