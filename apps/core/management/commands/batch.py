"""Many commands in one process, for programs: each start of one costs seconds."""

import io
import json
import sys
import traceback
from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from apps.core.commands import UNUSABLE

_ALONE = {"batch", "demo", "reset", "up"}  # they take the process over, or the database


class Command(BaseCommand):
    help = (
        "Read commands from standard input, each a line with a JSON array of its words,"
        " and answer each with a line of JSON: its `code`, its `result` and its"
        " `messages`. Ends with its input; a command that fails ends nothing.\n\n"
        """Example: echo '["export_rings", "--as-of", "2026-11-01", "rings.parquet"]'"""
        " | manage.py batch"
    )
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        for line in sys.stdin:
            if line.strip():
                self.stdout.write(json.dumps(_answer(line)))
                self.stdout.flush()


def _answer(line: str) -> dict[str, Any]:
    try:
        words = json.loads(line)
    except ValueError:
        words = None
    if not (isinstance(words, list) and words and all(map(_is_text, words))):
        return _said(UNUSABLE, "A line is a JSON array of words: the command's first.")
    if words[0] in _ALONE:
        return _said(UNUSABLE, f"`{words[0]}` runs in a process of its own.")
    return _run(words)


def _run(words: list[str]) -> dict[str, Any]:
    """Run one command; its result is the last line that it writes."""
    out, told = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(*words, "--json", stdout=out, stderr=told)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except CommandError as error:
        return _said(UNUSABLE, str(error))
    except Exception:  # noqa: BLE001 - what would end a process of its own is told
        return _said(1, told.getvalue() + traceback.format_exc())
    lines = out.getvalue().strip().splitlines()
    result = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None
    return {"code": code, "result": result, "messages": told.getvalue()}


def _said(code: int, messages: str) -> dict[str, Any]:
    return {"code": code, "result": None, "messages": messages}


def _is_text(word: object) -> bool:
    return isinstance(word, str)
