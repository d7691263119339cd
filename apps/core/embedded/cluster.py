"""Make the cluster: roles, rights, configuration. Runs under the start lock."""

import os
import secrets
import shutil
import stat
import subprocess
from pathlib import Path

from django.conf import settings

from apps.core.embedded import scram
from apps.core.embedded.layout import Layout, UnusableError

_CONFIGURATION = """\
listen_addresses = ''
port = 5432
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
superuser_reserved_connections = 1
shared_buffers = 256MB
work_mem = 16MB
random_page_cost = 1.1  # solid-state disks: the default of 4 is for turning ones
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
max_worker_processes = 4
max_parallel_workers_per_gather = 0  # containers have little /dev/shm
jit = off
fsync = on
synchronous_commit = on
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# A log that can hold no personal value: no statements, parameters or details.
log_min_messages = error
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""
_ACCESS = """\
local all kycrisk_owner scram-sha-256
local all kycrisk_app scram-sha-256
"""
# The owner migrates, the app runs. `template1` carries the rights, so that each
# new database (a test's clone too) has them.
_RIGHTS = """\
ALTER SCHEMA public OWNER TO kycrisk_owner;
GRANT USAGE ON SCHEMA public TO kycrisk_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kycrisk_owner \
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kycrisk_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kycrisk_owner \
GRANT USAGE, SELECT ON SEQUENCES TO kycrisk_app;
"""


def prepare(layout: Layout, binaries: Path) -> None:
    """Make the cluster when there is none; write the configuration anew."""
    _make_folders(layout)
    discard_orphan(layout)
    if not (layout.data / "PG_VERSION").exists():
        _create(layout, binaries)
    configuration = _CONFIGURATION.format(sockets=layout.sockets)
    _write(layout, layout.data / "postgresql.conf", configuration)
    _write(layout, layout.data / "pg_hba.conf", _ACCESS)


def discard_orphan(layout: Layout) -> None:
    """Drop data whose home was deleted: its keys are gone, so nothing opens it.

    Only where the data lie outside the home (as root), and never in production.
    """
    mark = layout.data / "kycrisk.id"
    if not mark.exists() or (
        layout.mark.exists() and layout.mark.read_text() == mark.read_text()
    ):
        return
    if settings.KYCRISK_ENV == "production":
        raise UnusableError(
            f"{layout.data} belongs to another life of {layout.home}; bring back"
            f" the keys and {layout.mark.name} of that home, or move the data away."
        )
    shutil.rmtree(layout.data)


def _make_folders(layout: Layout) -> None:
    user, group = layout.identity
    layout.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        layout.sockets.mkdir(mode=0o700)
        os.chown(layout.sockets, user, group)
    except FileExistsError:
        found = layout.sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {user, os.geteuid()}:
            raise UnusableError(
                f"{layout.sockets} belongs to somebody else; remove it."
            ) from None
        os.chown(layout.sockets, user, group)
        layout.sockets.chmod(0o700)


def _create(layout: Layout, binaries: Path) -> None:
    """Run initdb and the bootstrap in a draft, then rename it into place."""
    draft = layout.root / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    os.chown(draft, *layout.identity)
    locale = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8"]
    access = ["--username=postgres", "--auth=reject", "--no-sync"]
    _run(
        layout,
        [str(binaries / "initdb"), "-D", str(draft), *locale, *access],
        "",
    )
    _bootstrap(layout, binaries, draft)
    identity = secrets.token_hex(16)
    _write(layout, draft / "kycrisk.id", identity)
    draft.rename(layout.data)
    layout.mark.write_text(identity)


def _bootstrap(layout: Layout, binaries: Path, draft: Path) -> None:
    """Create roles, rights and the database in single-user mode.

    No superuser ever gets a way to log in: the one of initdb is used here only.
    """
    owner, app = (
        scram.verifier(layout.passwords[name])
        for name in ("kycrisk_owner", "kycrisk_app")
    )
    roles = (
        f"CREATE ROLE kycrisk_owner LOGIN CREATEDB PASSWORD '{owner}';\n"
        f"CREATE ROLE kycrisk_app LOGIN PASSWORD '{app}';\n"
    )
    database = "CREATE DATABASE kycrisk OWNER kycrisk_owner;\n"
    # A statement ends at the end of its line.
    program = [str(binaries / "postgres"), "--single", "-D", str(draft)]
    safe = ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
    _run(layout, [*program, *safe, "template1"], roles + _RIGHTS + database)


def _run(layout: Layout, command: list[str], text: str) -> None:
    options: dict[str, object] = layout.process_options()
    done = subprocess.run(  # type: ignore[call-overload]  # noqa: PLW1510, S603 - our own paths
        command,
        input=text.encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        **options,
    )
    if done.returncode:
        sentence = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise UnusableError(
            f"{Path(command[0]).name} failed: {''.join(sentence) or 'no reason given'}"
        )


def _write(layout: Layout, path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text)
    draft.chmod(0o600)
    os.chown(draft, *layout.identity)
    draft.replace(path)
