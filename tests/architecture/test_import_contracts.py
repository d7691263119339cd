"""Each import contract turns red on a breach of it, and no other one does."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

CONTRACTS = {
    contract["name"]: contract["id"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
        "importlinter"
    ]["contracts"]
}
# (module that is changed or made, line, contracts that turn red)
BREACHES = [
    ("apps.signals.services", "import apps.scoring.services", {"flow", "acyclic"}),
    ("apps.review.services", "import apps.scoring.views", {"leaves"}),
    ("apps.review.helpers", "", {"app-shape"}),
    ("apps.scoring.errors", "import apps.scoring.models", {"app-shape"}),
    ("apps.access.helpers", "", {"access-shape"}),
    ("ml.schema", "import django", {"ml-pure"}),
    ("apps.review.services", "import ml.schema", {"ml-door"}),
    ("apps.review.services", "import apps.audit.models", {"audit-door"}),
    ("apps.review.services", "import celery", {"celery-edge"}),
    ("apps.decisions.policy", "import django.utils.timezone", {"policy-pure"}),
    ("ml.manifest", "import ml.train", {"acyclic"}),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    skip = shutil.ignore_patterns("__pycache__", "migrations", "management", "starter")
    for name in ("apps", "kycrisk", "ml"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def red_before(copy: Path) -> set[str]:
    return _red(copy)


def _red(folder: Path) -> set[str]:
    """Return the ids of the broken contracts."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.+?) (KEPT|BROKEN)", done.stdout, re.MULTILINE))
    assert verdicts.keys() == CONTRACTS.keys(), done.stdout + done.stderr
    return {CONTRACTS[name] for name, verdict in verdicts.items() if verdict != "KEPT"}


@contextmanager
def _breached(folder: Path, module: str, line: str) -> Iterator[None]:
    path = folder / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


@pytest.mark.parametrize(("module", "line", "expected"), BREACHES)
def test_a_breach_turns_its_contract_red(
    copy: Path, red_before: set[str], module: str, line: str, expected: set[str]
) -> None:
    with _breached(copy, module, line):
        assert _red(copy) - red_before == expected


def test_each_contract_has_its_breach(red_before: set[str]) -> None:
    assert red_before == set()
    assert set().union(*(expected for *_, expected in BREACHES)) == {
        *CONTRACTS.values()
    }
