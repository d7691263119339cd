"""The files that belong to the project."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_GENERATED = {"migrations"}


def tracked(*suffixes: str) -> list[Path]:
    """Return tracked files with these endings (all when none is given)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [
        path
        for path in paths
        if path.is_file() and (not suffixes or path.suffix in suffixes)
    ]


def python_files() -> Iterator[Path]:
    """Yield tracked Python files that people write."""
    for path in tracked(".py"):
        if not _GENERATED & {*path.relative_to(ROOT).parts}:
            yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
