"""Write Parquet files of the lake: whole or not at all, named by their content."""

import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - `date` is a column here
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db.models import Q

from apps.signals.errors import LakeWriteError
from apps.signals.models import LakeFile
from apps.signals.selectors import lake
from apps.signals.selectors.days import days_of, kept_folder

_ROW_GROUP: Final = 32_768
# Hardly a value comes twice: a dictionary would only cost time and space.
_DISTINCT: Final = {"event_id", "sketch", "conversation_id", "retry_of"}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in its place, not yet registered."""

    table: str
    date: Date
    name: str
    rows: int
    bytes: int
    row_sum: int
    first_known_at: datetime
    last_known_at: datetime


def store(rows: pa.Table, *, table: str, date: Date) -> Stored:
    """Write the rows of one date, sorted by account and time; return what is in place.

    The file is written aside, flushed to the disk, read back (count and sum of body
    hashes), and then moved to `<table>/date=<date>/<hash of content>.parquet`.
    """
    time = lake.TIMES[table]
    ordered = rows.sort_by(
        [("account_id", "ascending"), (time, "ascending"), ("key_hash", "ascending")]
    )
    happened, recorded = ordered[time], ordered["recorded_at"]
    known = pc.if_else(pc.greater(happened, recorded), happened, recorded)
    aside = _aside()
    write_parquet(ordered, aside, level=3)
    _check(aside, ordered)
    name = f"{table}/date={date.isoformat()}/{_sha256(aside)[:32]}.parquet"
    size = aside.stat().st_size
    _put(aside, name)
    return Stored(
        table=table,
        date=date,
        name=name,
        rows=ordered.num_rows,
        bytes=size,
        row_sum=row_sum(ordered),
        first_known_at=pc.min(known).as_py(),
        last_known_at=pc.max(known).as_py(),
    )


def register(stored: Stored, *, source: LakeFile.Source, at: datetime) -> LakeFile:
    """Make a stored file visible: part of the transaction that makes its rows true."""
    return LakeFile.objects.create(
        table=stored.table,
        date=stored.date,
        name=stored.name,
        source=source,
        rows=stored.rows,
        bytes=stored.bytes,
        row_sum=stored.row_sum,
        first_known_at=stored.first_known_at,
        last_known_at=stored.last_known_at,
        ingested_at=at,
    )


def row_sum(rows: pa.Table) -> int:
    """Return the sum of body hashes modulo 2^63, whatever the order of the rows."""
    hashes = rows["body_hash"].to_numpy().astype("uint64")
    return int(hashes.sum(dtype="uint64")) % lake.SUM_MODULUS


def write_parquet(rows: pa.Table, path: Path, *, level: int) -> None:
    """Write a Parquet file and flush it to the disk."""
    with path.open("wb") as file:
        pq.write_table(
            rows,
            file,
            compression="zstd",
            compression_level=level,
            use_dictionary=[
                field.name
                for field in rows.schema
                if pa.types.is_string(field.type) and field.name not in _DISTINCT
            ],
            row_group_size=_ROW_GROUP,
        )
        file.flush()
        os.fsync(file.fileno())


def _aside() -> Path:
    """Return a new path on the lake's own disk, so that a move is one step."""
    folder = (
        Path(lake.root()) / ".writing"
        if lake.is_local()
        else settings.KYCRISK_HOME / "writing"
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid.uuid4().hex}.parquet"


def _check(path: Path, rows: pa.Table) -> None:
    written = pq.read_table(path, columns=["body_hash"])
    if written.num_rows != rows.num_rows or row_sum(written) != row_sum(rows):
        raise LakeWriteError


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(path: Path, name: str) -> None:
    if not lake.is_local():
        lake.filesystem().put_file(str(path), f"{lake.root()}/{name}")
        path.unlink()
        return
    target = Path(lake.root()) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Flush a rename to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep_kept(*, at: datetime, keep: timedelta = timedelta(days=1)) -> int:
    """Delete what was kept of days that consist of other files by now, or of none.

    Nobody opens it any more; who has, is done after `keep`. Return how many files.
    """
    files = {table: lake.visible_files(table) for table in lake.TIMES}
    current = {day.name for day in days_of(files).values()}
    changed = LakeFile.objects.filter(
        Q(ingested_at__gt=at - keep) | Q(retired_at__gt=at - keep)
    )
    dates = {date.isoformat() for date in changed.values_list("date", flat=True)}
    swept = 0
    for path in kept_folder().glob("*/*/*"):
        old = path.stat().st_mtime < (at - keep).timestamp()
        if old and path.name not in current and path.name[:10] not in dates:
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def sweep(*, at: datetime, keep: timedelta = timedelta(days=1)) -> int:
    """Delete lake files that no row names and that are older than `keep`.

    They are what killed writers left; retired files go the same way. Return how many.
    """
    if not lake.is_local():
        return 0
    retired = LakeFile.objects.filter(retired_at__lt=at - keep)
    retired.delete()
    named = set(LakeFile.objects.values_list("name", flat=True))
    base = Path(lake.root())
    swept = 0
    for path in [*base.glob("*/date=*/*.parquet"), *base.glob(".writing/*")]:
        old = path.stat().st_mtime < (at - keep).timestamp()
        if old and path.relative_to(base).as_posix() not in named:
            path.unlink()
            swept += 1
    return swept
