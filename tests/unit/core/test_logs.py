import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from apps.core import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The log as it would be written; the old handlers come back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure({"level": "INFO"})
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _read(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_only_known_keys_are_written(lines: io.StringIO) -> None:
    log = structlog.get_logger("sample")
    log.info("done", rows=3, email="jane@example.com", request_id="req_1")
    (entry,) = _read(lines)
    assert entry["event"] == "done"
    assert (entry["rows"], entry["request_id"]) == (3, "req_1")
    assert "jane" not in lines.getvalue()


def test_an_error_is_a_class_and_a_place(lines: io.StringIO) -> None:
    try:
        int("jane@example.com")
    except ValueError:
        logging.getLogger("sample").exception("it failed")
    (entry,) = _read(lines)
    assert str(entry["error"]).startswith("ValueError at ")
    assert entry["logger"] == "sample"
    assert "jane" not in lines.getvalue()


def test_a_line_break_cannot_forge_a_line(lines: io.StringIO) -> None:
    logging.getLogger("sample").warning('a\n{"event":"forged"}')
    assert len(_read(lines)) == 1
