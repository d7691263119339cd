"""Which column of ours a stranger's column is, guessed by its name and its values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.assessments.policy.conversion import (
    converted,
    day_comes_first,
    is_nothing,
    is_split_date,
)
from apps.assessments.policy.names import (
    IGNORED,
    MADE,
    aliases,
    is_named_like,
    plain,
    targets,
)
from apps.core.validation import RAW_TABLES, RawColumn, row_from_text
from apps.core.validation.rows import clean_value
from apps.core.validation.texts import BadValueError

# A column is recognized by its values when nearly all of them fit.
_NEARLY_ALL: Final = 0.9
_TOLD_BY_VALUES: Final = {
    "accounts": ("email", "signup_ip", "created_at", "phone"),
    "usage": ("occurred_at", "ip"),
    "events": ("occurred_at", "data/ip"),
    "outcomes": ("observed_at",),
    "api_keys": ("created_at", "created_ip"),
    "payment_methods": ("added_at",),
    "usage_window": ("window_start",),
}
_PLACES: Final = {"address_line", "city", "postal_code", "region"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A column of a file: its header and a sample of its cells."""

    header: str
    values: Sequence[Any]

    @property
    def filled(self) -> list[Any]:
        return [value for value in self.values if not is_nothing(value)]


@dataclass(frozen=True, slots=True)
class Guess:
    """What one file is taken for: a table, a target a column, and why.

    `why` is "name", "values" or "" for each column. `day_first` is None where the file
    has no date whose order must be known.
    """

    table: str
    columns: tuple[str, ...]
    why: tuple[str, ...]
    day_first: bool | None


def guess(file: str, seen: Sequence[Seen], *, latest: datetime) -> Guess:
    """Take a file for the table that its name and columns fit best."""
    return max(
        (guess_for(table, seen, latest=latest) for table in RAW_TABLES),
        key=lambda one: _likeness(one, file),
    )


def guess_for(table: str, seen: Sequence[Seen], *, latest: datetime) -> Guess:
    """Give each column of a file that is said to hold `table` its likeliest target."""
    day_first = order_of_dates(seen)
    chosen = _by_name(table, seen)
    why = ["name" if target else "" for target in chosen]
    for target in _TOLD_BY_VALUES.get(table, ()):
        if target in chosen:
            continue
        fit = _fitting(targets(table)[target], day_first is True, latest)
        for place, column in enumerate(seen):
            if not chosen[place] and _share(column.filled, fit) >= _NEARLY_ALL:
                chosen[place], why[place] = target, "values"
                break
    return Guess(table, tuple(chosen), tuple(why), day_first)


def order_of_dates(seen: Sequence[Seen]) -> bool | None:
    """Return whether days come first in dates like 03/04/2026; None without any."""
    texts = [one for column in seen for one in column.filled if isinstance(one, str)]
    dates = [text for text in texts if is_split_date(text)]
    if not dates:
        return None
    return bool(day_comes_first(dates))


def shares(
    table: str,
    chosen: Sequence[str],
    seen: Sequence[Seen],
    *,
    day_first: bool | None,
    latest: datetime,
) -> list[float | None]:
    """Return which share of each sampled column fits its target; None if left out."""
    known = targets(table)
    return [
        _share(column.filled, _fitting(known[target], day_first is True, latest))
        if target in known and column.filled
        else None
        for target, column in zip(chosen, seen, strict=True)
    ]


def fits(column: RawColumn, value: Any, *, latest: datetime) -> bool:
    """Whether the importer takes this converted value for the column."""
    typed = row_like(column, value)
    try:
        clean_value(column, typed, latest=latest)
    except BadValueError:
        return False
    return True


def row_like(column: RawColumn, value: Any) -> Any:
    """Return the value as the importer reads it from a CSV cell, if it is text."""
    if not isinstance(value, str):
        return value
    table = _TABLE_OF_KIND.get(column.kind)
    if table is None:
        return value
    name, holder = table
    return row_from_text(holder, {name: value})[name]


def missing_targets(table: str, chosen: Sequence[str]) -> list[str]:
    """Return the required columns that no column of the file gives and nobody makes."""
    given = {target.partition("/")[0] for target in chosen}
    made = MADE.get(table, {})
    return [
        column.name
        for column in RAW_TABLES[table]
        if column.required and column.name not in given and column.name not in made
    ]


def doubled_targets(chosen: Sequence[str]) -> list[str]:
    """Return targets that more than one column was given."""
    used = [target for target in chosen if target != IGNORED]
    return sorted({target for target in used if used.count(target) > 1})


def _by_name(table: str, seen: Sequence[Seen]) -> list[str]:
    """Match headers; a file that speaks our language is taken at its word."""
    known = targets(table)
    exact = [column.header if column.header in known else IGNORED for column in seen]
    names = [plain(column.header) for column in seen]
    chosen = exact
    free = {place for place, target in enumerate(exact) if target == IGNORED}
    required = [c.name for c in RAW_TABLES[table] if c.required]
    for target in (*required, *(name for name in known if name not in required)):
        if target in chosen:
            continue
        for alias in aliases(table, target):
            place = next((at for at in sorted(free) if names[at] == alias), None)
            if place is not None:
                chosen[place] = target
                free.discard(place)
                break
    return _one_country(chosen) if table == "accounts" else chosen


def _one_country(chosen: list[str]) -> list[str]:
    """Take a lone country for the declared one, unless it belongs to an address."""
    lone = "country" in chosen and "declared_country" not in chosen
    if lone and not _PLACES & set(chosen):
        return ["declared_country" if one == "country" else one for one in chosen]
    return chosen


def _likeness(one: Guess, file: str) -> float:
    required = [column.name for column in RAW_TABLES[one.table] if column.required]
    absent = missing_targets(one.table, one.columns)
    named = sum(bool(target) for target in one.columns)
    whole = 3 * (1 - len(absent) / len(required))
    covered = 2 * named / max(len(one.columns), 1)
    return whole + covered + (1.5 if is_named_like(one.table, file) else 0)


def _fitting(
    column: RawColumn, day_first: bool, latest: datetime
) -> Callable[[Any], bool]:
    return lambda value: fits(
        column, converted(column, value, day_first=day_first), latest=latest
    )


def _share(values: Sequence[Any], fit: Callable[[Any], bool]) -> float:
    return sum(map(fit, values)) / len(values) if values else 0.0


# A column by which the importer's own reading of cells can be had for each kind.
_TABLE_OF_KIND: Final[Mapping[str, tuple[str, str]]] = {
    column.kind: (column.name, table)
    for table, columns in RAW_TABLES.items()
    for column in columns
}
