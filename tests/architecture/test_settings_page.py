import ast
import re

from tests.architecture.tree import ROOT

PAGE = (ROOT / "docs/reference/settings.md").read_text()


def _read_by_settings() -> set[str]:
    """Return each variable that settings.py reads through env.* or KEYS.*."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / "kycrisk/settings.py").read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"env", "KEYS"}
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            names.add(str(node.args[0].value))
    return names


def test_every_variable_has_a_row() -> None:
    rows = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    assert len(_read_by_settings()) > 10
    assert _read_by_settings() - rows == set()
    only_in_tests = {"KYCRISK_SHARED_DATA", "CI"}
    assert rows - _read_by_settings() == only_in_tests
