"""Whole days of usage of which nothing more will be known as of a moment.

The files of the lake never change, so what was counted of such a day may be kept and
read instead of its rows, for as long as the day consists of the same files: the key of
a day is a hash of their names, and those are hashes of what the files hold.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date  # noqa: N812 - `date` is a column here
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from apps.signals.models import LakeFile
from apps.signals.selectors import lake

if TYPE_CHECKING:
    import duckdb

# A window counts when it is over, and the longest that is taken lasts a day.
SETTLED_AFTER: Final = timedelta(days=1)
Files = Mapping[str, Sequence[LakeFile]]


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day, its files by table, and a key that is another for other files."""

    date: Date
    files: Files

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.date, time(), UTC)

    @property
    def settled(self) -> datetime:
        """From when on windows of this day may be taken to be over."""
        return self.begin + timedelta(days=1) + SETTLED_AFTER

    @property
    def name(self) -> str:
        """Return the name of a file for what was counted of this day."""
        names = sorted(file.name for files in self.files.values() for file in files)
        key = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
        return f"{self.date.isoformat()}-{key}.parquet"


def days_of(files: Files) -> dict[Date, Day]:
    """Group files by their days."""
    found: dict[Date, dict[str, list[LakeFile]]] = defaultdict(
        lambda: {table: [] for table in files}
    )
    for table, listed in files.items():
        for file in listed:
            found[file.date][table].append(file)
    return {date: Day(date, found[date]) for date in sorted(found)}


def settled_days(
    database: "duckdb.DuckDBPyConnection", files: Files, as_of: datetime
) -> list[Day]:
    """Return the days of which every row was known by then and lies in the lake.

    `database` holds the hot rows beside the lake (see `open_usage`).
    """
    hot = {
        date
        for table, at in lake.TIMES.items()
        for (date,) in database.execute(
            f"SELECT DISTINCT CAST({at} AS DATE) FROM hot_{table}"
        ).fetchall()
    }
    return [
        day
        for date, day in days_of(files).items()
        if date not in hot
        and day.settled <= as_of
        and all(
            file.last_known_at <= as_of
            for listed in day.files.values()
            for file in listed
        )
    ]


def kept_folder() -> Path:
    """Return where what was counted of days is kept; it may be deleted at any time."""
    return Path(settings.KYCRISK_HOME) / "kept"
