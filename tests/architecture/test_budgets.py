import ast

from tests.architecture.tree import name, python_files

MOST_LINES = 300
MOST_FUNCTION_LINES = 40


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lengths = {
        name(path): len(path.read_text().splitlines()) for path in python_files()
    }
    assert len(lengths) > 50
    assert {file: n for file, n in lengths.items() if n > MOST_LINES} == {}


def test_no_function_is_longer_than_forty_lines() -> None:
    long = {}
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    long[f"{name(path)}:{node.name}"] = lines
    assert long == {}
