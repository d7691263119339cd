"""A mapped file: the rows of a stranger's file in our columns, on the same lines."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from apps.assessments.policy import mapping
from apps.assessments.policy.conversion import as_cell, converted
from apps.assessments.policy.names import IGNORED, MADE, targets
from apps.assessments.services.intake.opening import Form
from apps.assessments.services.intake.reading import Row, rows_of
from apps.core.validation import EVENT_DATA, RAW_TABLES, RawColumn

_GLANCE: Final = 1_000
# The moment at which a row happened; an import can be assessed as of the last one.
TIMES: Final = {
    "accounts": "created_at",
    "api_keys": "created_at",
    "payment_methods": "added_at",
    "usage": "occurred_at",
    "usage_window": "window_start",
    "events": "occurred_at",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How one file is to be read: its table, and a target a column ("" leaves out).

    With `lenient` a value that an optional column cannot take is left empty; without
    it the importer refuses the row.
    """

    path: Path
    form: Form
    header: Sequence[str]
    table: str
    columns: Sequence[str]
    day_first: bool
    lenient: bool


@dataclass(slots=True)
class Written:
    """What became of a file: rows, values left empty by column, first and last time."""

    rows: int = 0
    emptied: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)  # and `type/login` of events
    first: str = ""
    last: str = ""

    def saw(self, moment: Any) -> None:
        """Widen the span; times in UTC sort as text."""
        try:
            found = datetime.fromisoformat(moment).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            return  # the importer refuses the row
        text = found.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.first = min(self.first or text, text)
        self.last = max(self.last, text)


def write_mapped(
    plan: Plan, target: Path, *, latest: datetime, advance: Callable[[int], None]
) -> Written:
    """Write the rows of a file in our columns; rejects then name the stranger's lines.

    A damaged row is written as a row with the same damage: only the importer refuses.
    """
    written = Written()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open(
        "w", encoding="utf-8", errors="surrogateescape", newline=""
    ) as out:
        writer = _WRITERS[suffix_of(plan.form)](out, plan)
        reader = _Reader(plan, latest, written)
        for row in rows_of(plan.path, plan.form, plan.header):
            written.rows += 1
            if isinstance(row.cells, str):
                writer.damage(row)
            else:
                writer.row(row.line, reader.read(row.cells))
            if written.rows % _GLANCE == 0:
                advance(written.rows)
    advance(written.rows)
    return written


def suffix_of(form: Form) -> str:
    return ".csv" if form.kind == "csv" else ".ndjson"


class _Reader:
    """Turns cells into a row of our table."""

    def __init__(self, plan: Plan, latest: datetime, written: Written) -> None:
        known = targets(plan.table)
        self._plan, self._latest, self._written = plan, latest, written
        self._chosen = [
            (place, name, known[name])
            for place, name in enumerate(plan.columns)
            if name != IGNORED
        ]
        self._made = [
            name for name in MADE.get(plan.table, {}) if name not in plan.columns
        ]
        self._time = TIMES.get(plan.table)

    def read(self, cells: Sequence[Any]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for place, name, column in self._chosen:
            row[name] = self._value(name, column, cells[place])
        if self._plan.table == "events":
            row = _with_data(row)
            if row.get("type") in EVENT_DATA:
                self._written.filled[f"type/{row['type']}"] += 1
        for name in self._made:
            row[name] = _MAKERS[name](row)
        self._written.saw(row.get(self._time or ""))
        return row

    def _value(self, name: str, column: RawColumn, cell: Any) -> Any:
        value = converted(column, cell, day_first=self._plan.day_first)
        if value is None:
            return None
        if (
            self._plan.lenient
            and not column.required
            and not mapping.fits(column, value, latest=self._latest)
        ):
            self._written.emptied[name] += 1
            return None
        self._written.filled[name] += 1
        return value


def _with_data(row: dict[str, Any]) -> dict[str, Any]:
    """Gather `data/ip` and its like into the data of the event, by its type."""
    parts = {name: value for name, value in row.items() if name.startswith("data/")}
    plain = {name: value for name, value in row.items() if name not in parts}
    if plain.get("data") is None:
        fields = EVENT_DATA.get(str(plain.get("type")), ())
        data = {
            column.name: mapping.row_like(column, parts.get(f"data/{column.name}"))
            for column in fields
        }
        plain["data"] = {name: one for name, one in data.items() if one is not None}
    return plain


def _row_id(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, sort_keys=True, default=str)
    return f"row-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


_MAKERS: Final[dict[str, Callable[[Mapping[str, Any]], Any]]] = {
    "event_id": _row_id,
    "outcome_id": _row_id,
    "key_id": lambda row: row.get("account_id"),
    "known_at": lambda row: row.get("observed_at"),
    "source": lambda _: "investigation",
    "data": lambda row: row.get("data") or {},
}


class _Lines(ABC):
    """What both writers share: blank lines until a row stands where it stood."""

    def __init__(self, out: TextIO, plan: Plan) -> None:
        self._out, self._line = out, 1
        names = [column.name for column in RAW_TABLES[plan.table]]
        given = {*plan.columns, *MADE.get(plan.table, {})}
        self._names = [name for name in names if name in given]

    @abstractmethod
    def row(self, line: int, row: Mapping[str, Any]) -> None:
        """Write a row on its line."""

    @abstractmethod
    def damage(self, row: Row) -> None:
        """Write a row that the importer refuses for the same reason."""

    def _reach(self, line: int) -> None:
        while self._line < line:
            self._write("\r\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        # a reader counts each of \n, \r and \r\n as the end of a line
        self._line += text.count("\n") + text.count("\r") - text.count("\r\n")


class _Csv(_Lines):
    def __init__(self, out: TextIO, plan: Plan) -> None:
        super().__init__(out, plan)
        self._write(",".join(self._names) + "\r\n")

    def row(self, line: int, row: Mapping[str, Any]) -> None:
        self._reach(line)
        cells = [_quoted(as_cell(row.get(name))) for name in self._names]
        self._write(",".join(cells) + "\r\n")

    def damage(self, row: Row) -> None:
        self._reach(row.line)
        marks = "," * (len(self._names) - 1)
        texts = {"broken": '"x"x', "width": f"{marks},", "not_utf8": f"\udcff{marks}"}
        self._write(texts[str(row.cells)] + "\r\n")


def _quoted(text: str) -> str:
    """Quote a cell where it must be; a cell that is one word comes as it is."""
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


class _Ndjson(_Lines):
    def row(self, line: int, row: Mapping[str, Any]) -> None:
        self._reach(line)
        given = {name: row[name] for name in self._names if row.get(name) is not None}
        self._write(json.dumps(given, default=str) + "\n")

    def damage(self, row: Row) -> None:
        self._reach(row.line)
        self._write("{broken\n")


_WRITERS: Final[dict[str, type[_Lines]]] = {".csv": _Csv, ".ndjson": _Ndjson}
