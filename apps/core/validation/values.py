"""One rule for each kind of raw value: return it cleaned, or raise `BadValueError`.

Rules never convert between JSON types: "1" is no number and 1 is no truth value.
"""

import ipaddress
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from apps.core.validation import texts
from apps.core.validation.codes import COUNTRIES, CURRENCIES
from apps.core.validation.columns import EVENT_DATA, RawColumn
from apps.core.validation.texts import BadValueError

ID: Final = r"[A-Za-z0-9_.:@\-]{1,128}"
PHONE: Final = r"\+[1-9][0-9]{6,14}"
BIN: Final = r"[0-9]{6}(?:[0-9]{2})?"
SURFACE: Final = r"api|app|cloud:[A-Za-z0-9_.\-]{1,64}"
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
QUAD: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"

_ID = re.compile(ID)
_PHONE = re.compile(PHONE)
_BIN = re.compile(BIN)
_SURFACE = re.compile(SURFACE)
_QUAD = re.compile(QUAD)
_HEX = re.compile(r"[0-9a-f]*")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+\-][0-9]{2}:[0-9]{2})"
)
FIRST_YEAR: Final = 2015
LAST_YEAR: Final = 2100
MINIMA: Final = 16
UINT32: Final = 2**32 - 1
LIST_MAX: Final = 32


def _matching(pattern: re.Pattern[str], value: object, code: str) -> str:
    text = texts.string_of(value)
    if not pattern.fullmatch(text):
        raise BadValueError(code)
    return text


def _ip(value: object, _: RawColumn) -> str:
    """Return the canonical form; an IPv4-mapped address becomes IPv4."""
    text = texts.string_of(value)
    if _QUAD.fullmatch(text):
        return text
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise BadValueError("bad_ip") from error
    if "%" in text:
        raise BadValueError("bad_ip")
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _timestamp(value: object, _: RawColumn) -> datetime:
    """Return UTC; text must be RFC 3339 with an offset."""
    if isinstance(value, str):
        value = _parsed_time(value)
    if not isinstance(value, datetime):
        raise BadValueError("wrong_type")
    if value.tzinfo is None:
        raise BadValueError("bad_timestamp")
    try:
        value = value.astimezone(UTC)
    except OverflowError as error:
        raise BadValueError("bad_timestamp") from error
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise BadValueError("bad_timestamp")
    return value


def _parsed_time(text: str) -> datetime:
    if not _TIMESTAMP.fullmatch(text):
        raise BadValueError("bad_timestamp")
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise BadValueError("bad_timestamp") from error


def _int(value: object, column: RawColumn) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadValueError("not_json_number")
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValueError("wrong_type")
    if not column.low <= value <= column.high:
        raise BadValueError("number_out_of_range")
    return value


def _bool(value: object, _: RawColumn) -> bool:
    if not isinstance(value, bool):
        raise BadValueError("wrong_type")
    return value


def _enum(value: object, column: RawColumn) -> str:
    if texts.string_of(value) not in column.choices:
        raise BadValueError("unknown_value")
    return str(value)


def _event_type(value: object, _: RawColumn) -> str:
    if texts.string_of(value) not in EVENT_DATA:
        raise BadValueError("unknown_event_type")
    return str(value)


def _listed(codes: frozenset[str], value: object) -> str:
    if texts.string_of(value) not in codes:
        raise BadValueError("unknown_code")
    return str(value)


def _hex(value: object, column: RawColumn) -> str:
    text = _matching(_HEX, value, "bad_hex")
    if not column.low <= len(text) <= column.high:
        raise BadValueError("bad_hex")
    return text


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise BadValueError("wrong_type")
    if len(value) > most:
        raise BadValueError("number_out_of_range")
    return list(value)


def _uint32s(value: object, column: RawColumn) -> list[int]:
    numbers = _list(value, MINIMA)
    if len(numbers) != MINIMA:
        raise BadValueError("number_out_of_range")
    if all(type(number) is int and 0 <= number <= UINT32 for number in numbers):
        return numbers
    each = RawColumn(column.name, "int", low=0, high=UINT32)
    return [_int(number, each) for number in numbers]


def _words(value: object, column: RawColumn) -> list[str]:
    words = _list(value, LIST_MAX)
    return [texts.clean_token(str(w) if type(w) is int else w, column) for w in words]


def _counts(value: object, column: RawColumn) -> dict[str, int]:
    """Return name -> count; Arrow hands maps over as pairs."""
    if isinstance(value, list) and all(
        isinstance(pair, tuple) and len(pair) == 2  # noqa: PLR2004 - a pair
        for pair in value
    ):
        value = dict(value)
    if not isinstance(value, dict):
        raise BadValueError("wrong_type")
    each = RawColumn(column.name, "int", low=0, high=2**53)
    return {_count_key(k, column): _int(n, each) for k, n in value.items()}


def _count_key(value: object, column: RawColumn) -> str:
    """Return the key of a count; a hash of 16 digits may look like a card number."""
    if isinstance(value, str) and len(value) == MINIMA and _HEX.fullmatch(value):
        return value
    return texts.clean_opaque(value, column)


def json_object(value: object) -> dict[str, Any]:
    """Return an object; Parquet and CSV hold it as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise BadValueError("bad_json") from error
    if not isinstance(value, dict):
        raise BadValueError("bad_json")
    return value


def _object(value: object, column: RawColumn) -> dict[str, Any]:
    """Return a flat object of short texts, numbers and truth values."""
    found = json_object(value)
    for key, item in found.items():
        texts.clean_text(key, column)
        if isinstance(item, str):
            texts.clean_text(item, column)
        elif isinstance(item, float) and not math.isfinite(item):
            raise BadValueError("not_json_number")
        elif item is not None and not isinstance(item, (bool, int, float)):
            raise BadValueError("wrong_type")
    return found


def _owners(value: object, column: RawColumn) -> int:
    """Return how many beneficial owners there are; their names are not kept."""
    if isinstance(value, (list, tuple)):
        return len(value)
    return _int(value, column)


def _scopes(value: object, _: RawColumn) -> str:
    """Return the scopes of a key as one comma-separated text."""
    if isinstance(value, (list, tuple)):
        value = ",".join(texts.string_of(scope) for scope in value)
    return texts.clean_text(value, RawColumn("scopes", "text", high=400))


RULES: Final[dict[str, Callable[[Any, RawColumn], Any]]] = {
    "id": lambda value, _: _matching(_ID, value, "bad_identifier"),
    "phone": lambda value, _: _matching(_PHONE, value, "bad_phone"),
    "bin": lambda value, _: _matching(_BIN, value, "bad_bin"),
    "surface": lambda value, _: _matching(_SURFACE, value, "unknown_value"),
    "country": lambda value, _: _listed(COUNTRIES, value),
    "currency": lambda value, _: _listed(CURRENCIES, value),
    "domain": lambda value, _: texts.domain_name(texts.string_of(value), "bad_text"),
    "text": texts.clean_text,
    "note": lambda value, column: texts.clean_text(value, column, "\n\r\t"),
    "opaque": texts.clean_opaque,
    "token": texts.clean_token,
    "email": texts.clean_email,
    "ip": _ip,
    "ips": lambda value, column: [_ip(ip, column) for ip in _list(value, LIST_MAX)],
    "timestamp": _timestamp,
    "int": _int,
    "bool": _bool,
    "enum": _enum,
    "event_type": _event_type,
    "hex": _hex,
    "uint32s": _uint32s,
    "words": _words,
    "counts": _counts,
    "object": _object,
    "owners": _owners,
    "scopes": _scopes,
}
