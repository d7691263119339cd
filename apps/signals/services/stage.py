"""First half of a bulk import: checked, canonical parts of a file beside the lake.

A part is written aside and moved into place after its rejects, so a part that is there
is whole; a run that finds it goes on after it. The folder's name holds everything that
the parts depend on, so parts of another state of the world are never taken up.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings

from apps.core import canonical
from apps.core.ahead import ahead
from apps.core.validation import RAW_TABLES, validate_rows, vectors
from apps.reference import services as reference
from apps.signals.selectors.lake import TIMES
from apps.signals.services.bundle import read_pieces, reject_line
from apps.signals.services.enrich import canonical as canonical_rows
from apps.signals.services.lake import write_parquet
from apps.signals.services.pieces import Bad, Piece, Source
from apps.signals.services.problems import detail

PART_ROWS: Final = 250_000
_AT_ONCE: Final = 2  # parts; each holds some hundred MB
# Raised when parts of an older program may no longer be taken up.
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Staged:
    """A file's parts in order, and what was refused on the way."""

    source: Source
    folder: Path
    parts: list[Path]
    rejected: int
    warnings: list[str]

    @property
    def rows(self) -> int:
        """How many rows were found fit."""
        return sum(pq.read_metadata(part).num_rows for part in self.parts)


def stage_file(
    source: Source, *, accounts: pa.Array, at: datetime, advance: Callable[[int], None]
) -> Staged:
    """Check and convert a file of usage; memory holds three of its parts at a time."""
    folder = _folder(source, accounts)
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "complete.json"
    if not done.exists():
        _write_parts(source, folder, accounts, at, advance)
    summary = json.loads(done.read_text())
    return Staged(
        source=source,
        folder=folder,
        parts=sorted(folder.glob("part-*.parquet")),
        rejected=summary["rejected"],
        warnings=summary["warnings"],
    )


def work_folder(source: Source) -> Path:
    """Return the folder of everything that one file leaves until it is finished."""
    name = f"{source.table}-{source.sha256[:32]}"
    return settings.KYCRISK_HOME / "staging" / name


def _folder(source: Source, accounts: pa.Array) -> Path:
    state = {
        "accounts": len(accounts),
        "reference": reference.versions(),
        "form": _FORM,
    }
    return work_folder(source) / canonical.digest(state)[:16]


def _write_parts(
    source: Source,
    folder: Path,
    accounts: pa.Array,
    at: datetime,
    advance: Callable[[int], None],
) -> None:
    unknown: set[str] = set()
    rejected = 0

    def write(numbered: tuple[int, Piece]) -> tuple[int, set[str], int]:
        number, piece = numbered
        part = folder / f"part-{number:06d}.parquet"
        refused, strange = _write_part(source, piece, part, accounts, at)
        return refused, strange, piece.read

    pieces = enumerate(read_pieces(source, rows=PART_ROWS))
    # Tables that change under way would give parts of two states of the world.
    with reference.held():
        for refused, strange, read in ahead(write, pieces, threads=_AT_ONCE):
            unknown.update(strange)
            rejected += refused
            advance(read)
    warnings = [f"{source.name}: unknown column {name}" for name in sorted(unknown)]
    aside = folder / "complete.writing"
    aside.write_text(json.dumps({"rejected": rejected, "warnings": warnings}))
    aside.replace(folder / "complete.json")


def _write_part(
    source: Source, piece: Piece, part: Path, accounts: pa.Array, at: datetime
) -> tuple[int, set[str]]:
    """Write one part and its rejects; return how many, and columns nobody knows."""
    log = part.with_suffix(".rejects.ndjson")
    unknown: set[str] = set()
    if not part.exists():
        rows, refused, unknown = check_piece(source.table, piece, accounts, at)
        log.write_text("".join(f"{line}\n" for line in refused))
        if not refused:
            log.unlink()
        aside = part.with_suffix(".writing")
        write_parquet(rows, aside, level=1)
        aside.replace(part)
    return len(log.read_text().splitlines()) if log.exists() else 0, unknown


def check_piece(
    table: str, piece: Piece, accounts: pa.Array, at: datetime
) -> tuple[pa.Table, list[str], set[str]]:
    """Return canonical rows with `line` and `date`, reject lines, unknown columns."""
    if piece.table is not None:
        rows, bad, unknown = _checked_table(table, piece, at)
    else:
        rows, bad, unknown = _checked_rows(table, piece, at)
    known = pc.is_in(rows["account_id"], value_set=accounts)
    for line in rows.filter(pc.invert(known))["line"].to_pylist():
        bad.append(Bad(line, "account_id", "unknown_account"))
    rows = rows.filter(known)
    full = canonical_rows(table, rows.drop_columns(["line"]), recorded_at=None).rows
    full = full.append_column("line", rows["line"])
    full = full.append_column("date", full[TIMES[table]].cast(pa.date32()))
    bad.sort(key=lambda one: one.line)
    refused = [
        reject_line(one.line, one.field, one.code, detail(one.field, one.code))
        for one in [*piece.bad, *bad]
    ]
    return full.sort_by("date"), refused, unknown


def _checked_table(
    table: str, piece: Piece, at: datetime
) -> tuple[pa.Table, list[Bad], set[str]]:
    checked = vectors.validate_table(table, piece.table, as_of=at)
    lines = pa.array(range(piece.first_line, piece.first_line + len(checked.good)))
    rows = checked.rows.append_column("line", lines.filter(pa.array(checked.good)))
    bad = [
        Bad(piece.first_line + one.index, one.field, one.code)
        for one in checked.rejects
    ]
    return rows, bad, set(checked.unknown)


def _checked_rows(
    table: str, piece: Piece, at: datetime
) -> tuple[pa.Table, list[Bad], set[str]]:
    checked = validate_rows(table, piece.rows, as_of=at)
    rows = raw_table(table, checked.good)
    lines = [piece.lines[place] for place in checked.places]
    bad = [Bad(piece.lines[one.index], one.field, one.code) for one in checked.rejects]
    return (
        rows.append_column("line", pa.array(lines, pa.int64())),
        bad,
        set(checked.unknown),
    )


def raw_table(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Return checked rows as Arrow in the raw columns of a table."""
    arrays = {}
    for column in RAW_TABLES[table]:
        values = [row[column.name] for row in rows]
        if column.kind == "counts":
            values = [value and list(value.items()) for value in values]
        arrays[column.name] = pa.array(values, vectors.arrow_type(column))
    return pa.table(arrays)
