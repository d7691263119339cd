"""Sums of whole days of usage, kept from one run to the next.

Of the thirty days that most questions look back, tomorrow's run shares twenty-nine with
today's. What ml.features counts of a day (see `ml.features.sums`) is written once the
day is settled, and read instead of its rows from then on: a tenth of them. A kept file
is a pure function of the day's immutable files and of the code, and is named by both.
So it may be deleted at any time, two processes may write it at once (they write the
same), and none is ever read of files that are retired. Where none can be written, on a
full disk, the rows are counted as ever.
"""

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from apps.signals import selectors as signals
from ml.features.asking import Asker, code_key
from ml.features.kept import DAILY
from ml.features.known import Known
from ml.features.sums import Daily, Rows, kept_name, rest_name

if TYPE_CHECKING:
    import duckdb

_log = structlog.get_logger(__name__)
_WHOLE: Final = b"PAR1"  # ends every Parquet file that was written to its end
# With fewer rows in the lake, to read files costs more than to count again.
LEAST_ROWS: Final = 1_000_000
# Sums of a day in which more are missing are counted from a copy in memory.
_FEW: Final = 3
_OTHER_CODE_S: Final = 86_400
# How far back anything looks; the longest reach last (None: to the beginning).
_REACHES: Final = sorted(
    {days for daily in DAILY for days in daily.days}, key=lambda days: days or 1 << 20
)


def offer_kept(engine: signals.Engine, *, write: bool, questions: Path) -> None:
    """Show to ml.features what is kept of the days before the engine's moment.

    With `write` what is missing of settled days is counted first. A day counts as kept
    for a reach when all of its sums that have this reach are there; its rows are then
    left out of the views of the rest. `questions` is a folder of compiled questions.
    """
    rows = sum(file.rows for files in engine.usage.files.values() for file in files)
    if engine.offered or rows < LEAST_ROWS:
        return
    engine.offered = True
    days = engine.usage.settled_days()
    import duckdb  # loaded long since: the engine is its

    folder = signals.kept_folder() / f"{code_key()}{signals.reading_key()}"
    try:
        _prepare(folder)
        if write:
            _write_missing(engine.as_of, days, folder, questions)
    except (OSError, duckdb.IOException) as error:
        _log.warning("kept.not_written", error=str(error))
    for reach in _REACHES:
        dailies = [daily for daily in DAILY if reach in daily.days]
        kept = [
            day
            for day in _within(days, engine.as_of, reach)
            if all(_is_whole(_path(folder, daily, day)) for daily in dailies)
        ]
        if not kept:
            continue
        for daily in dailies:
            paths = [str(_path(folder, daily, day)) for day in kept]
            engine.database.from_parquet(paths).create_view(kept_name(daily, reach))
        dates = {day.date for day in kept}
        for table in engine.usage.files:
            engine.usage.show_rest(
                table, rest_name(table, reach), kept=dates, days=reach
            )


def _within(
    days: Sequence[signals.Day], as_of: datetime, reach: int | None
) -> list[signals.Day]:
    """Return the days that lie whole in (as_of - reach, as_of]."""
    if reach is None:
        return list(days)
    start = as_of.astimezone(UTC) - timedelta(days=reach)
    return [day for day in days if day.begin > start]


def _prepare(folder: Path) -> None:
    """Make the folder of sums by this code; those of other code go after a day."""
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)  # in use
    for other in folder.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            if other.stat().st_mtime < time.time() - _OTHER_CODE_S:
                shutil.rmtree(other, ignore_errors=True)


def _path(folder: Path, daily: Daily, day: signals.Day) -> Path:
    return folder / daily.name / day.name


def _is_whole(path: Path) -> bool:
    """Tell whether a file is there and was written to its end."""
    try:
        with path.open("rb") as file:
            file.seek(-len(_WHOLE), os.SEEK_END)
            return file.read() == _WHOLE
    except OSError:
        return False


def _missing(
    as_of: datetime, days: Sequence[signals.Day], folder: Path
) -> list[tuple[signals.Day, list[Daily]]]:
    """Return the days with what questions of this moment would miss of them."""
    found: dict[int, list[Daily]] = {}
    for daily in DAILY:
        farthest = [reach for reach in _REACHES if reach in daily.days][-1]
        needed = _within(days, as_of, farthest)
        for at, day in enumerate(needed, start=len(days) - len(needed)):
            if not _is_whole(_path(folder, daily, day)):
                found.setdefault(at, []).append(daily)
    return [(days[at], found[at]) for at in sorted(found)]


def _write_missing(
    as_of: datetime, days: Sequence[signals.Day], folder: Path, questions: Path
) -> None:
    """Count of each settled day what questions of this moment would miss."""
    missing = _missing(as_of, days, folder)
    if not missing:
        return
    for daily in DAILY:
        (folder / daily.name).mkdir(exist_ok=True)
    import ibis  # half a second, which only bulk work pays

    with signals.connect() as database:
        backend = ibis.duckdb.from_connection(database)
        for day, dailies in missing:
            signals.load_day(database, day, copy=len(dailies) > _FEW)
            asker = Asker(Known(backend, as_of), questions)
            for daily in dailies:
                _write(database, asker, daily, _path(folder, daily, day))
            asker.keep()


def _write(
    database: "duckdb.DuckDBPyConnection", asker: Asker, daily: Daily, path: Path
) -> None:
    """Count one day and put the file in its place at once."""
    draft = path.with_suffix(f".{uuid.uuid4().hex}")
    counted = database.sql(asker.text(daily.name, partial(_counted, daily)))
    # DuckDB's sums have 128 bits, which Parquet has not: they would become floats
    columns = ", ".join(
        f'"{name}"::BIGINT AS "{name}"' if kind == "HUGEINT" else f'"{name}"'
        for name, kind in zip(counted.columns, counted.types, strict=True)
    )
    try:
        counted.project(columns).write_parquet(str(draft), compression="zstd")
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _counted(daily: Daily, known: Known) -> Any:
    table = known.backend.table
    return daily.of(Rows(table("usage"), table("usage_window")))
