"""One value of a stranger's file in the form that the importer asks for.

What cannot be read is handed on as it is: the importer refuses it and says why.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from apps.core.validation import RawColumn

_NOTHING: Final = {
    "",
    "null",
    "none",
    "n/a",
    "na",
    "nan",
    "nil",
    "-",
    "\\n",
    "undefined",
}
_TRUE: Final = {"y", "on", "ja", "oui", "verified", "confirmed"}
_FALSE: Final = {"n", "off", "nein", "non", "unverified", "unconfirmed"}
_WORDS: Final = {
    "person": "individual",
    "personal": "individual",
    "private": "individual",
    "business": "organization",
    "company": "organization",
    "organisation": "organization",
    "org": "organization",
    "corporate": "organization",
    "selfserve": "self_serve",
    "self service": "self_serve",
    "wire": "bank",
    "bank_transfer": "bank",
    "sepa": "bank",
    "creditcard": "card",
    "credit_card": "card",
    "fraud": "confirmed_abuse",
    "abuse": "confirmed_abuse",
    "bad": "confirmed_abuse",
    "legit": "confirmed_legitimate",
    "legitimate": "confirmed_legitimate",
    "good": "confirmed_legitimate",
}
_LABELS: Final = {
    "1": "confirmed_abuse",
    "true": "confirmed_abuse",
    "0": "confirmed_legitimate",
    "false": "confirmed_legitimate",
}
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{2}:\d{2})(:\d{2}(?:[.,]\d{1,9})?)?)?"
    r" ?(Z|UTC|GMT|[+\-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4})"
    r"(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)? ?([AaPp][Mm])?)?"
)
_EPOCH = re.compile(r"(\d{10}|\d{13}|\d{16})(?:\.\d{1,9})?")
_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")
_WHOLE = re.compile(r"(-?\d+)\.0+")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")


def is_nothing(value: Any) -> bool:
    """Whether a cell stands for no value at all."""
    return value is None or (
        isinstance(value, str) and value.strip().lower() in _NOTHING
    )


def converted(column: RawColumn, value: Any, *, day_first: bool) -> Any:
    """Return the value as the importer asks for it, None where there is none."""
    if is_nothing(value):
        return None
    if column.kind == "timestamp":
        return _time(value, day_first=day_first)
    if isinstance(value, str):
        return _text(column, value.strip())
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _typed(column, value)


def _typed(column: RawColumn, value: Any) -> Any:
    """Convert a number, truth, list or map of NDJSON or Parquet."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if column.kind == "enum":
        return _enum(column, str(value).lower())
    if column.kind == "bool":
        return bool(value) if value in (0, 1) else value
    if column.kind in {"int", "owners"} or isinstance(value, list | dict | bool):
        return value
    return str(value)


def _text(column: RawColumn, text: str) -> Any:  # noqa: PLR0911 - one line a kind
    match column.kind:
        case "bool":
            low = text.lower()
            return "true" if low in _TRUE else "false" if low in _FALSE else text
        case "int" | "owners":
            whole = _WHOLE.sub(r"\1", text)
            return whole.replace(",", "") if _GROUPED.fullmatch(whole) else whole
        case "enum":
            return _enum(column, text.lower())
        case "country" | "currency":
            return "GB" if text.upper() == "UK" else text.upper()
        case "phone":
            digits = re.sub(r"[\s().\-/]", "", text)
            return f"+{digits[2:]}" if digits.startswith("00") else digits
        case "ip":
            return _PORT.sub(r"\1", text)
        case "hex" | "domain":
            return text.lower().removeprefix("https://").removeprefix("http://")
        case "id" | "bin":
            return _WHOLE.sub(r"\1", text)
        case _:
            return text


def _enum(column: RawColumn, word: str) -> str:
    if word in column.choices:
        return word
    known = _LABELS | _WORDS if column.name == "label" else _WORDS
    return known.get(word, known.get(word.replace(" ", "_").replace("-", "_"), word))


def _time(value: Any, *, day_first: bool) -> Any:
    """Return RFC 3339; a time without an offset is taken for UTC."""
    if isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    text = str(value).strip()
    if found := _ISO.fullmatch(text):
        day, minute, rest, offset = found.groups()
        return f"{day}T{minute or '00:00'}{_seconds(rest)}{_offset(offset)}"
    if found := _EPOCH.fullmatch(text):
        seconds = int(found[1]) / 10 ** (len(found[1]) - 10)
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return _split(text, day_first=day_first)


def _seconds(rest: str | None) -> str:
    return (rest or ":00").replace(",", ".")


def _offset(offset: str | None) -> str:
    if not offset or offset.upper() in {"Z", "UTC", "GMT"}:
        return "Z"
    return offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"


def _split(text: str, *, day_first: bool) -> str:
    """Read 31/12/2026 or 12/31/2026 with an hour or without one."""
    found = _SPLIT.fullmatch(text)
    if not found:
        return text
    first, _, second, year, hour, minute, seconds, half = found.groups()
    day, month = (first, second) if day_first else (second, first)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    try:
        moment = datetime(
            int(year), int(month), int(day), hours, int(minute or 0), int(seconds or 0),
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return text
    return moment.isoformat()


def day_comes_first(values: Iterable[str]) -> bool | None:
    """Tell from dates like 03/04/2026 which part is the day; None where none tells."""
    dotted = None
    for value in values:
        if found := _SPLIT.fullmatch(value.strip()):
            if int(found[1]) > 12:  # noqa: PLR2004 - months of a year
                return True
            if int(found[3]) > 12:  # noqa: PLR2004 - months of a year
                return False
            dotted = True if found[2] == "." else dotted
    return dotted


def is_split_date(value: str) -> bool:
    """Whether it is a date whose order has to be known."""
    return bool(_SPLIT.fullmatch(value.strip()))


def as_cell(value: Any) -> str:
    """Return a converted value as the text of a CSV cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value)
    return "" if value is None else str(value)
