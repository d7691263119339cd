"""JSON from strangers: what Python's parser forgives is refused with a name."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from apps.core.errors import DomainError, FieldProblem

_MAX_DIGITS = 19
_MAX_INTEGER = 2**63
_MAX_POINTER = 200
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
# Escapes that may stand for a character which PostgreSQL or UTF-8 cannot hold.
_DOUBTFUL = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)

_SENTENCES = {
    "not_utf8": "The body is not UTF-8.",
    "bom_not_allowed": "The body starts with a byte order mark; leave it out.",
    "not_json": "The body is not JSON.",
    "too_deep": "The body is nested too deeply.",
    "too_many_keys": "The body has too many keys.",
    "duplicate_key": "A key appears twice in one object.",
    "not_json_number": "NaN and Infinity are not JSON numbers.",
    "number_out_of_range": "A number is too large.",
    "nul_not_allowed": "A text holds the character U+0000.",
    "bad_unicode": "A text holds half of a surrogate pair.",
}
_SEMANTIC = {"number_out_of_range", "nul_not_allowed", "bad_unicode"}


class BadBodyError(DomainError):
    """The body cannot be read; `code` names why, `problems` says where."""

    def __init__(self, code: str, pointer: str = "") -> None:
        self.code = code
        self.status = 422 if code in _SEMANTIC else 400
        detail = _SENTENCES[code]
        super().__init__(detail, problems=(FieldProblem(pointer, code, detail),))


class _Found(Exception):  # noqa: N818 - never leaves this module
    """A hook of the parser met something bad; where is found afterwards."""


class _Bad(str):
    """Stands for a bad value while its place is being looked for."""

    __slots__ = ()


def loads(raw: bytes, *, max_depth: int = 16, max_keys: int = 2000) -> Any:
    """Return the value of a JSON body.

    Raises BadBodyError: not_utf8, bom_not_allowed, not_json, too_deep,
    too_many_keys, duplicate_key, not_json_number, number_out_of_range,
    nul_not_allowed, bad_unicode.
    """
    text = _decoded(raw)
    _check_depth(raw, max_depth)
    keys = 0

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal keys
        keys += len(items)
        if keys > max_keys:
            raise BadBodyError("too_many_keys")
        found = dict(items)
        if len(found) != len(items):
            raise _Found
        return found

    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except _Found:
        raise _located(text) from None
    except ValueError:
        raise BadBodyError("not_json") from None
    if is_doubtful(raw):
        _check_texts(value)
    return value


def is_doubtful(raw: bytes) -> bool:
    """Return whether a body may hold an escaped U+0000 or half a surrogate pair."""
    return _DOUBTFUL.search(raw) is not None


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise BadBodyError("bom_not_allowed")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadBodyError("not_utf8") from None


def _check_depth(raw: bytes, max_depth: int) -> None:
    """Count brackets outside texts, before a recursive parser sees them."""
    depth = 0
    for bracket in _STRINGS.sub(b"", raw).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            raise BadBodyError("too_deep")


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _MAX_DIGITS or abs(int(text)) >= _MAX_INTEGER:
        raise _Found
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Found
    return value


def _constant(_text: str) -> float:
    raise _Found


def _located(text: str) -> BadBodyError:
    """Parse once more, leniently, to say where the first bad thing stands."""

    def soft(read: Any, code: str) -> Any:
        def hook(number: str) -> Any:
            try:
                return read(number)
            except _Found:
                return _Bad(code)

        return hook

    tree = json.loads(
        text,
        object_pairs_hook=tuple,
        parse_int=soft(_integer, "number_out_of_range"),
        parse_float=soft(_number, "number_out_of_range"),
        parse_constant=soft(_constant, "not_json_number"),
    )
    code, pointer = next(_bad_places(tree, ""))
    return BadBodyError(code, pointer[:_MAX_POINTER])


def _bad_places(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield (code, pointer); an object is a tuple of pairs here."""
    if isinstance(value, _Bad):
        yield str(value), pointer
    elif isinstance(value, tuple):
        seen = set()
        for key, item in value:
            if key in seen:
                yield "duplicate_key", _under(pointer, key)
            seen.add(key)
            yield from _bad_places(item, _under(pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _bad_places(item, _under(pointer, index))


def _check_texts(value: Any, pointer: str = "") -> None:
    if isinstance(value, str):
        _check_text(value, pointer)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, pointer)
            _check_texts(item, _under(pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_texts(item, _under(pointer, index))


def _check_text(text: str, pointer: str) -> None:
    if "\0" in text:
        raise BadBodyError("nul_not_allowed", pointer)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadBodyError("bad_unicode", pointer)


def _under(pointer: str, key: object) -> str:
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
