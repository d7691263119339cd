"""What happens before a command: the database runs and has today's tables."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core import embedded

# Checks run in `make check`; here they would only cost a second.
_QUIET = ("--verbosity=0", "--no-input", "--skip-checks")


def prepare(command: str) -> None:
    """Start the embedded database; in demo and test settings also migrate it.

    Ends the process with code 2 and one sentence where that cannot work.
    """
    try:
        if settings.EMBEDDED_DATABASE:
            embedded.ensure()
        if command != "migrate" and settings.KYCRISK_ENV != "production":
            migrate_when_stale()
    except (embedded.UnusableError, ImproperlyConfigured) as error:
        sys.exit(_refusal(error))


def migrate_when_stale() -> None:
    """Migrate as the owner when a migration file has changed since the last time."""
    if not settings.EMBEDDED_DATABASE:
        return
    stamp = settings.KYCRISK_HOME / "migrated"
    wanted = migrations_digest()
    with _locked(stamp.with_name("migrate.lock")):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        migrate(os.environ)
        stamp.write_text(wanted)


def migrate(environment: "os._Environ[str] | dict[str, str]") -> None:
    """Run `migrate` as the owner in a process of its own."""
    done = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "migrate",
            "--verbosity=0",
            "--no-input",
            "--skip-checks",
        ],
        cwd=settings.BASE_DIR,
        env={**environment, "KYCRISK_DATABASE_ROLE": "owner"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise embedded.UnusableError(
            f"The tables could not be brought up to date ({reason[0]}). When"
            f" migrations were rewritten, start anew with `manage.py reset --yes`."
        )


def migrations_digest() -> str:
    """Return a hash of every migration of ours and of Django's version."""
    digest = hashlib.sha256(django.get_version().encode())
    folders = sorted((settings.BASE_DIR / "apps").glob("*/migrations"))
    files = [file for folder in folders for file in sorted(folder.iterdir())]
    for path in files:
        if path.suffix not in {".py", ".sql"}:
            continue
        digest.update(path.relative_to(settings.BASE_DIR).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _refusal(error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return 2


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
