"""What may not stand anywhere in the project."""

import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, name, tracked

# A pattern, and in which files of the product it would do harm.
DANGEROUS = [
    (r"\b(import|from) (pickle|joblib|dill|shelve|marshal)\b", ".py"),
    (r"(?<![.\w])(eval|exec)\(", ".py"),
    (r"\bmark_safe\(|\bSafeString\(", ".py"),
    (r"shell=True", ".py"),
    (r"predict_disable_shape_check", ".py"),
    (r"yaml\.load\(", ".py"),
    (r"\|\s*safe\b|autoescape off", ".html"),
    (r"\son[a-z]+=\"", ".html"),
]
# Where packages come from, and where a developer keeps files, is nobody's business.
PLACES = r"/ro{2}t/|/wo{1}rk/|/op{1}t/wheels|p{1}ypi\.org|p{1}ythonhosted|/ho{1}me/\w"


def _product(suffix: str) -> list[Path]:
    folders = ("apps", "ml", "kycrisk", "templates", "clients")
    return [path for path in tracked(suffix) if name(path).split("/")[0] in folders]


@pytest.mark.parametrize(("pattern", "suffix"), DANGEROUS)
def test_no_dangerous_call(pattern: str, suffix: str) -> None:
    files = _product(suffix)
    assert files
    found = [name(path) for path in files if re.search(pattern, path.read_text())]
    assert found == []


def test_no_place_of_a_machine_or_a_registry() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if match := re.search(PLACES, text):
            found.append(f"{name(path)}: {match[0]}")
    assert found == []


def test_no_module_with_a_name_that_says_nothing() -> None:
    empty = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}
    assert [name(path) for path in tracked(".py") if path.name in empty] == []


def test_the_license_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
