"""Databases for tests: one migrated template, and clones of it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
from django.conf import settings
from psycopg import sql

from apps.core import embedded, startup

TEMPLATE = "kycrisk_template"


@dataclass(frozen=True)
class Database:
    """One database of the embedded server, as both roles see it."""

    name: str

    @property
    def url(self) -> str:
        return self._url("app")

    @property
    def owner_url(self) -> str:
        return self._url("owner")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a `manage.py` subprocess that works on this database."""
        return {
            **os.environ,
            "DATABASE_URL": self.url,
            "KYCRISK_OWNER_DATABASE_URL": self.owner_url,
        }

    def _url(self, role: str) -> str:
        password = quote(
            settings.EMBEDDED_KEYS.text(f"database-{role}", length=32), safe=""
        )
        host = quote(str(settings.EMBEDDED_SOCKETS), safe="")
        return (
            f"postgresql://kycrisk_{role}:{password}@/{self.name}?host={host}&port=5432"
        )


def make_template() -> None:
    """Start the server; migrate the template when a migration has changed."""
    embedded.ensure()
    stamp = settings.KYCRISK_HOME / "template"
    wanted = startup.migrations_digest()
    with (settings.KYCRISK_HOME / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)
        drop(TEMPLATE)
        _as_owner(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        startup.migrate(Database(TEMPLATE).environment)
        stamp.write_text(wanted)


def clone(name: str) -> Database:
    """Make a database with every table and no row beyond what migrations wrote."""
    drop(name)
    query = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(TEMPLATE)
    )
    # Another session may be cloning right now, and tells nobody when it is done.
    _patiently(lambda: _as_owner(query), psycopg.errors.ObjectInUse)
    return Database(name)


def drop(name: str) -> None:
    """Drop a database, whoever of the serving role is still connected to it."""
    # The vacuum may be at work there, which neither role may end: it is soon done.
    _patiently(lambda: _drop(name), psycopg.errors.InsufficientPrivilege)


def _drop(name: str) -> None:
    # The owner may not end sessions of another role, so that role does it itself.
    with psycopg.connect(Database("postgres").url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = %s AND usename = current_user",
            [name],
        )
    _as_owner(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


def _patiently(do: Callable[[], None], passing: type[psycopg.Error]) -> None:
    """Do something again, a few times, while an error says that it will pass."""
    for wait in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, None):
        try:
            do()
        except passing:
            if wait is None:
                raise
            time.sleep(wait)  # whoever is in the way tells nobody when it is done
        else:
            return


@contextmanager
def connected_to(database: Database) -> Iterator[None]:
    """Point Django's default connection, of every thread, at that database."""
    from django.db import connections

    chosen = connections["default"].settings_dict
    before = chosen["NAME"]
    connections.close_all()
    chosen["NAME"] = database.name
    try:
        yield
    finally:
        connections.close_all()
        chosen["NAME"] = before


def _as_owner(query: sql.Composed) -> None:
    with psycopg.connect(Database("postgres").owner_url, autocommit=True) as connection:
        connection.execute(query)
