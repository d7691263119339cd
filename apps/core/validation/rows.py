"""Check decoded rows: keep the good ones cleaned, name what is wrong with the rest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from apps.core.validation.codes import DETAILS
from apps.core.validation.columns import EVENT_DATA, RAW_TABLES, RawColumn
from apps.core.validation.texts import BadValueError
from apps.core.validation.values import RULES, json_object

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_FALSE = {"false", "0", "f", "no"}
_TRUE = {"true", "1", "t", "yes"}


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a row was refused. `field` is a path such as `data/ip`; no value is kept."""

    index: int
    field: str
    code: str

    @property
    def detail(self) -> str:
        return f"{self.field} {DETAILS[self.code]}"


@dataclass(frozen=True, slots=True)
class Checked:
    """Good rows cleaned (with their places), one reject a bad row, unknown fields."""

    good: list[dict[str, Any]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


def validate_rows(
    table: str, rows: Iterable[object], *, as_of: datetime, event_data: bool = True
) -> Checked:
    """Check rows of one of `RAW_TABLES`.

    A cleaned row holds every column of the table; what was missing or null is None,
    times are UTC, `data` of an event is a checked object. Times marked `past` may lie
    at most five minutes after `as_of`. A row is refused at its first bad field.
    """
    columns = RAW_TABLES[table]
    known = {column.name for column in columns}
    latest = as_of + CLOCK_TOLERANCE
    checked = Checked()
    for index, row in enumerate(rows):
        try:
            clean = clean_row(columns, _mapping(row), latest=latest)
            if event_data and table == "events":
                _clean_event(clean, checked.unknown, latest)
        except BadValueError as error:
            checked.rejects.append(Reject(index, error.field, error.code))
            continue
        if unknown := _mapping(row).keys() - known:
            checked.unknown.update(str(name) for name in unknown)
        checked.good.append(clean)
        checked.places.append(index)
    return checked


def _mapping(row: object) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise BadValueError("wrong_type", "row")
    return row


def clean_row(
    columns: Sequence[RawColumn], row: Mapping[str, Any], *, latest: datetime
) -> dict[str, Any]:
    """Return the columns cleaned; raise BadValueError with the field's name."""
    clean: dict[str, Any] = {}
    for column in columns:
        value = row.get(column.name)
        if value is None:
            if column.required and column.kind != "event_data":
                raise BadValueError("missing_field", column.name)
            clean[column.name] = None
        else:
            clean[column.name] = clean_value(column, value, latest=latest)
    return clean


def clean_value(column: RawColumn, value: object, *, latest: datetime) -> Any:
    """Return one present value cleaned, or raise BadValueError."""
    if column.kind == "event_data":
        return value
    try:
        clean = RULES[column.kind](value, column)
    except BadValueError as error:
        raise BadValueError(error.code, column.name) from error
    if column.past and clean > latest:
        raise BadValueError("event_time_out_of_range", column.name)
    return clean


def _clean_event(
    clean: dict[str, Any], unknown: Counter[str], latest: datetime
) -> None:
    """Check `data` against the fields of the event's type."""
    columns = EVENT_DATA[clean["type"]]
    if clean["data"] is None:
        raise BadValueError("missing_field", "data")
    try:
        data = json_object(clean["data"])
        clean["data"] = clean_row(columns, data, latest=latest)
    except BadValueError as error:
        path = f"data/{error.field}" if error.field else "data"
        raise BadValueError(error.code, path) from error
    known = {column.name for column in columns}
    unknown.update(f"data/{name}" for name in data.keys() - known)


def row_from_text(table: str, row: Mapping[str, str | None]) -> dict[str, Any]:
    """Return a CSV row with typed values: empty is None, numbers and truths parsed.

    What cannot be parsed stays text, so that `validate_rows` names it as wrong_type.
    """
    kinds = {column.name: column.kind for column in RAW_TABLES[table]}
    return {
        name: _from_text(kinds.get(name, "text"), text) if text else None
        for name, text in row.items()
    }


def _from_text(kind: str, text: str) -> Any:
    if kind == "bool":
        word = text.lower()
        return word in _TRUE if word in _TRUE | _FALSE else text
    if kind in {"int", "owners"}:
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() else text
    if kind in {"counts", "uint32s", "words", "ips"} or text[0] in "[{":
        return _json_or_text(text)
    return text


def _json_or_text(text: str) -> Any:
    """Return the parsed list or map, or the text itself for `wrong_type`."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
