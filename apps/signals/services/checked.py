"""Rows of a batch, checked: what is wrong goes to the report, the rest into columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.core.validation import validate_rows, vectors
from apps.signals.choices import USAGE_TYPES
from apps.signals.selectors.lake import TIMES
from apps.signals.services import keys
from apps.signals.services.reports import BatchReport
from apps.signals.services.stage import raw_table

_TIMES: Final = {**TIMES, "events": "occurred_at"}


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Rows of `usage` as they came: raw columns, and each row's place in the batch."""

    places: NDArray[np.int64]  # [rows]
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Checked:
    """Good rows of one table with their places; `events` are objects, not columns."""

    table: str
    places: NDArray[np.int64]  # [rows]
    accounts: pa.Array
    rows: pa.Table | list[dict[str, Any]]


def check_exchanges(
    exchanges: Exchanges, report: BatchReport, at: datetime
) -> tuple[NDArray[np.int64], pa.Table]:
    """Return the good exchanges and their places."""
    checked = vectors.validate_table("usage", exchanges.rows, as_of=at)
    for reject in checked.rejects:
        row_id = exchanges.rows["event_id"][reject.index].as_py()
        place = int(exchanges.places[reject.index])
        report.refuse(place, row_id, reject.code, reject.field)
    places, rows = exchanges.places[checked.good], checked.rows
    oldest = pa.scalar(at - keys.LATE, vectors.ARROW["timestamp"])
    late = pc.less(rows["occurred_at"], oldest)
    return _without(late, places, rows, report, "too_late", "occurred_at")


def check_rows(
    table: str, rows: Sequence[tuple[int, object]], report: BatchReport, at: datetime
) -> tuple[NDArray[np.int64], list[dict[str, Any]]]:
    """Return the good rows of decoded ones and their places."""
    checked = validate_rows(table, [row for _, row in rows], as_of=at)
    report.unknown_fields.update(checked.unknown)
    for reject in checked.rejects:
        index, row = rows[reject.index]
        row_id = row.get("event_id") if isinstance(row, dict) else None
        report.refuse(index, row_id, reject.code, reject.field)
    good, places, time = [], [], _TIMES[table]
    for place, clean in zip(checked.places, checked.good, strict=True):
        index = rows[place][0]
        if clean[time] < at - keys.LATE:
            report.refuse(index, clean["event_id"], "too_late", time)
        else:
            good.append(clean)
            places.append(index)
    return np.array(places, dtype=np.int64), good


def check(
    rows: Sequence[tuple[int, object]],
    exchanges: Exchanges | None,
    report: BatchReport,
    at: datetime,
) -> list[Checked]:
    """Check all rows of a batch; the order of the tables is that of their coming."""
    found = []
    for table, mine in _by_table(rows).items():
        places, good = check_rows(table, mine, report, at)
        names = pa.array([row["account_id"] for row in good], pa.string())
        content = good if table == "events" else raw_table(table, good)
        found.append(Checked(table, places, names, content))
    if exchanges is not None:
        places, table_rows = check_exchanges(exchanges, report, at)
        names = table_rows["account_id"].combine_chunks()
        found.append(Checked("usage", places, names, table_rows))
    return found


def of_known_accounts(
    part: Checked, account_keys: Mapping[str, int], report: BatchReport
) -> Checked:
    """Refuse the rows whose account is not known."""
    named = pa.array(list(account_keys), pa.string())
    strange = pc.invert(pc.is_in(part.accounts, value_set=named))
    if not pc.any(strange).as_py():
        return part
    if isinstance(part.rows, pa.Table):
        places, rows = _without(
            strange, part.places, part.rows, report, "unknown_account", "account_id"
        )
        return Checked(part.table, places, rows["account_id"].combine_chunks(), rows)
    kept = []
    mask = strange.to_numpy(zero_copy_only=False)
    for row, place, bad in zip(part.rows, part.places, mask, strict=True):
        if bad:
            report.refuse(int(place), row["event_id"], "unknown_account", "account_id")
        else:
            kept.append(row)
    return Checked(
        part.table, part.places[~mask], part.accounts.filter(pc.invert(strange)), kept
    )


def _without(
    bad: Any,
    places: NDArray[np.int64],
    rows: pa.Table,
    report: BatchReport,
    code: str,
    field: str,
) -> tuple[NDArray[np.int64], pa.Table]:
    mask = bad.to_numpy(zero_copy_only=False) if len(bad) else np.zeros(0, dtype=bool)
    if not mask.any():
        return places, rows
    for at in np.flatnonzero(mask):
        report.refuse(int(places[at]), rows["event_id"][at].as_py(), code, field)
    return places[~mask], rows.filter(pa.array(~mask))


def _by_table(
    rows: Sequence[tuple[int, object]],
) -> dict[str, list[tuple[int, object]]]:
    """Sort rows by the table that their type names; `type` is no column of usage."""
    found: dict[str, list[tuple[int, object]]] = {}
    for index, row in rows:
        kind = row.get("type") if isinstance(row, dict) else None
        table = "events"
        if isinstance(row, dict) and (kind is None or isinstance(kind, str)):
            table = USAGE_TYPES.get(kind, "events")
            if table != "events":
                row = {name: row[name] for name in row if name != "type"}  # noqa: PLW2901 - a row without its type
        found.setdefault(table, []).append((index, row))
    return found
