"""Keyed hashes of request parameters, output schemas and tools: equal or not equal."""

import hmac
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

PARAMS: Final = ("temperature", "top_p", "n", "stop", "seed", "max_tokens")
_PLAIN: Final = (1e-6, 1e21)  # numbers between these are written without exponent


def params_hash(key: bytes, request: Mapping[str, Any]) -> str | None:
    """Hash the sampling parameters of a request; None where it sets none of them."""
    kept = {name: request[name] for name in PARAMS if request.get(name) is not None}
    return _hashed(key, canonical(kept)) if kept else None


def schema_hash(key: bytes, schema: Any) -> str | None:
    """Hash a structured-output schema; None for none."""
    return None if schema is None else _hashed(key, canonical(schema))


def tools_hash(key: bytes, tools: Iterable[Any] | None) -> str | None:
    """Hash tool definitions, in whatever order they come; None for none."""
    texts = sorted(canonical(tool).encode() for tool in tools or ())
    return _hashed(key, "[" + b",".join(texts).decode() + "]") if texts else None


def _hashed(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256")[:8].hex()


def canonical(value: Any) -> str:
    """Return canonical JSON (RFC 8785); raise TypeError or ValueError for no JSON."""
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        pairs = (f"{canonical(name)}:{canonical(value[name])}" for name in names)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(canonical, value)) + "]"
    raise TypeError(f"{type(value).__name__} is not JSON.")


def _number(value: float) -> str:
    """Write a number as ECMAScript does: the shortest text of the nearest double."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("JSON has no infinite numbers.")
    if number == 0:
        return "0"
    sign, digits, exponent = _parts(number)
    point = exponent + len(digits)  # how many digits stand before the point
    if not _PLAIN[0] <= abs(number) < _PLAIN[1]:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}e{point - 1:+d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    whole = digits[:point].ljust(point, "0")
    return f"{sign}{whole}.{digits[point:]}" if digits[point:] else sign + whole


def _parts(number: float) -> tuple[str, str, int]:
    """Return the sign, the significant digits and the exponent of the last one."""
    mantissa, _, power = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = int(power or 0) - len(fraction)
    bare = digits.rstrip("0")
    return "-" if number < 0 else "", bare, exponent + len(digits) - len(bare)
