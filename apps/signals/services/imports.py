"""Load a bundle: every table in its order, each file once, each row once."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from django.db import connection, transaction

from apps.audit import services as audit
from apps.signals.choices import LAKE_TABLES
from apps.signals.errors import BundleRefusedError, ImportRunningError
from apps.signals.models import ImportedFile
from apps.signals.selectors.accounts import known_account_ids
from apps.signals.selectors.audited import imported_content
from apps.signals.services.bundle import bundle_sources
from apps.signals.services.history import SNAPSHOT_WARNING, history_of
from apps.signals.services.pieces import Source
from apps.signals.services.publish import Batch, publish
from apps.signals.services.small import load_small
from apps.signals.services.stage import stage_file, work_folder

_IMPORT_LOCK: Final = 724_101


class Bar(Protocol):
    """What shows progress: an absolute position of a phase."""

    def __call__(self, label: str, done: int, total: int) -> None: ...


@dataclass(slots=True)
class Counts:
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0

    def add(self, accepted: int, duplicates: int, rejected: int) -> None:
        self.accepted += accepted
        self.duplicates += duplicates
        self.rejected += rejected


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of each table, and what a person should know."""

    tables: dict[str, Counts] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        return sum(counts.rejected for counts in self.tables.values())


def import_bundle(
    *, folder: Path, strict: bool, at: datetime, actor: audit.Actor, bar: Bar
) -> ImportReport:
    """Load every file of a bundle; a file whose content is loaded already is passed by.

    Bad rows go to `.rejected/<file>.ndjson` in the bundle. With `strict` one bad row
    refuses everything: all of it is then one transaction. Raises BundleRefusedError,
    ImportRunningError.
    """
    sources = bundle_sources(folder)
    report = ImportReport()
    with _alone():
        if strict:
            with transaction.atomic():
                _load_all(sources, folder, report, at, actor, bar)
                if report.rejected:
                    raise BundleRefusedError(report.rejected)
        else:
            _load_all(sources, folder, report, at, actor, bar)
    for source in sources:
        shutil.rmtree(work_folder(source), ignore_errors=True)
    return report


def rehearse_bundle(
    *, folder: Path, at: datetime, actor: audit.Actor, bar: Bar
) -> ImportReport:
    """Do what import_bundle would do with a bundle, and keep nothing of it.

    The same code runs in a transaction that is taken back, so that counts and
    `.rejected` are those of the import. Usage is checked but not published: whether the
    lake holds a row already is only known then. Raises ImportRunningError.
    """
    sources = bundle_sources(folder)
    report = ImportReport()
    try:
        with _alone(), transaction.atomic():
            _load_all(sources, folder, report, at, actor, bar, keep=False)
            transaction.set_rollback(True)
    finally:
        for source in sources:
            shutil.rmtree(work_folder(source), ignore_errors=True)
    return report


@contextmanager
def _alone() -> Iterator[None]:
    """Let one import run at a time; a killed one lets go with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_IMPORT_LOCK])
        if cursor.fetchone() != (True,):
            raise ImportRunningError
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_IMPORT_LOCK])


def _load_all(
    sources: Sequence[Source],
    folder: Path,
    report: ImportReport,
    at: datetime,
    actor: audit.Actor,
    bar: Bar,
    *,
    keep: bool = True,
) -> None:
    for table in dict.fromkeys(source.table for source in sources):
        mine = [source for source in sources if source.table == table]
        fresh, rows = _not_loaded(mine, report, at)
        if fresh and table in LAKE_TABLES:
            _load_lake_table(fresh, rows, at, bar, keep=keep)
        elif fresh:
            _load_small_table(fresh, rows, at, bar)
        for source, row in zip(fresh, rows, strict=True):
            _finish(source, row, folder, report, at, actor)


def _not_loaded(
    sources: Sequence[Source], report: ImportReport, at: datetime
) -> tuple[list[Source], list[ImportedFile]]:
    """Return the files to load and their rows: those never finished or with rejects.

    A file with rejects is read again, since what it lacked may be there now; what it
    brought the first time is a duplicate.
    """
    fresh, rows, seen = list[Source](), list[ImportedFile](), set[str]()
    for source in sources:
        counts = report.tables.setdefault(source.table, Counts())
        row, _ = ImportedFile.objects.get_or_create(
            sha256=source.sha256,
            table=source.table,
            defaults={"name": source.name, "started_at": at},
        )
        if source.sha256 in seen or (row.finished_at and not row.rejected):
            counts.add(0, row.accepted + row.duplicates, 0)
            report.warnings += row.warnings
            continue
        seen.add(source.sha256)
        fresh.append(source)
        rows.append(row)
    return fresh, rows


def _load_small_table(
    sources: Sequence[Source], rows: Sequence[ImportedFile], at: datetime, bar: Bar
) -> None:
    accounts = sources[0].table == "accounts"
    history = history_of(sources) if accounts else "versioned"
    for source, row in zip(sources, rows, strict=True):
        if history == "unknown":
            row.warnings = sorted({*row.warnings, SNAPSHOT_WARNING})
        advance = _named(bar, source.name, source.size)
        load_small(source, row, at=at, history=history, advance=advance)


def _load_lake_table(
    sources: Sequence[Source],
    rows: Sequence[ImportedFile],
    at: datetime,
    bar: Bar,
    *,
    keep: bool,
) -> None:
    accounts = known_account_ids()
    staged = [
        stage_file(
            source,
            accounts=accounts,
            at=at,
            advance=_named(bar, f"check {source.name}", source.size),
        )
        for source in sources
    ]
    table = sources[0].table
    advance = partial(bar, f"store {table}")
    if keep:
        publish(Batch(table, staged, rows), at=at, advance=advance)
    for one, row in zip(staged, rows, strict=True):
        dates = row.progress.get("dates", {}).values()
        accepted, duplicates, conflicts = (
            sum(counts) for counts in zip(*dates, (0, 0, 0), strict=True)
        )
        if not keep:
            accepted = one.rows
        row.progress["counts"] = [accepted, duplicates, conflicts + one.rejected]
        row.warnings = one.warnings


def _named(bar: Bar, label: str, total: int) -> Callable[[int], None]:
    return lambda done: bar(label, done, total)


def _finish(
    source: Source,
    row: ImportedFile,
    folder: Path,
    report: ImportReport,
    at: datetime,
    actor: audit.Actor,
) -> None:
    """Close the file's row with its entry in the log, and hand over its rejects.

    Reading a file again that brings nothing new leaves row and log as they were.
    """
    accepted, duplicates, rejected = row.progress["counts"]
    with transaction.atomic():
        row.progress = {}
        if row.finished_at is None or accepted or rejected != row.rejected:
            row.accepted, row.duplicates, row.rejected = accepted, duplicates, rejected
            row.finished_at = at
            row.runs += 1
            _record(row, at, actor)
        row.save()
    report.tables[source.table].add(accepted, duplicates, rejected)
    report.warnings += row.warnings
    if warning := _hand_over_rejects(source, folder):
        report.warnings.append(warning)


def _record(row: ImportedFile, at: datetime, actor: audit.Actor) -> None:
    audit.record(
        kind="signals.file.imported",
        object_type="imported_file",
        object_id=str(row.pk),
        version=row.runs,
        content=imported_content(row),
        actor=actor,
        at=at,
    )


def _hand_over_rejects(source: Source, folder: Path) -> str | None:
    """Write the rejected lines beside the bundle; return a warning where that fails."""
    logs = sorted(work_folder(source).rglob("*.rejects.ndjson"))
    target = folder / ".rejected" / f"{source.name}.ndjson"
    try:
        target.unlink(missing_ok=True)
        if not logs:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as joined:
            for log in logs:
                joined.write(log.read_bytes())
    except OSError:
        return f"{source.name}: the bundle's folder takes no .rejected file"
    return None
