"""Tables of PostgreSQL: chunks of rows in two lanes, with progress in one transaction.

All rows of one account or customer are in one lane and in the order of the
file, so lanes never wait for each other's rows.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.core.ahead import ahead
from apps.core.garbage import collected_rarely
from apps.core.lanes import LANES, in_lanes, lane_of
from apps.core.validation import validate_rows
from apps.signals.models import ImportedFile
from apps.signals.services.bundle import read_pieces, reject_line
from apps.signals.services.pieces import Bad, Piece, Source
from apps.signals.services.problems import detail
from apps.signals.services.small_rows import put_rows
from apps.signals.services.stage import work_folder

CHUNK_ROWS: Final = 5_000 * LANES
# The column whose rows must keep their order; tables of few rows are not dealt out.
_KEPT_TOGETHER: Final = {
    "customers": "customer_id",
    "accounts": "account_id",
    "api_keys": "account_id",
    "payment_methods": "account_id",
    "events": "account_id",
}
_FRESH: Final[dict[str, Any]] = {"chunks": 0, "counts": [0, 0, 0], "unknown": []}
_NOTE: Final = (
    "UPDATE signals_importedfile SET progress = jsonb_set(progress, %s, %s::jsonb)"
    " WHERE id = %s"
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A lane's share of some rows: checked, with lines; what was refused or unknown."""

    lane: int
    number: int
    good: list[tuple[int, dict[str, Any]]]
    bad: list[Bad]
    unknown: set[str]


def load_small(
    source: Source,
    row: ImportedFile,
    *,
    at: datetime,
    history: str,
    advance: Callable[[int], None],
) -> None:
    """Load a file chunk by chunk; chunks that an earlier run committed are passed by.

    `history` is what accounts are marked with.
    Leaves `progress["counts"]` = [accepted, duplicates, rejected] and the warnings.
    """
    work_folder(source).mkdir(parents=True, exist_ok=True)
    notes = [row.progress.get(_name(lane), _FRESH) for lane in range(LANES)]
    done = [note["chunks"] for note in notes]

    def check(numbered: tuple[int, Piece]) -> tuple[list[Chunk], int]:
        number, piece = numbered
        if number < min(done):
            return [], piece.read
        chunks = _checked(source.table, number, piece, at)
        return [one for one in chunks if number >= done[one.lane]], piece.read

    def load(chunk: Chunk) -> None:
        _load_chunk(source, row, chunk, at, history)

    pieces = enumerate(read_pieces(source, rows=CHUNK_ROWS))
    with collected_rarely(), in_lanes(load) as hand_over:
        # The next chunk is checked while the database stores this one.
        for chunks, read in ahead(check, pieces, threads=1):
            for chunk in chunks:
                hand_over(chunk.lane, chunk)
            advance(read)
    _gather(source, row)


def _name(lane: int) -> str:
    return f"lane {lane}"


def _checked(table: str, number: int, piece: Piece, at: datetime) -> list[Chunk]:
    """Check a piece and deal its rows out; what belongs to no row is the first's."""
    objects, lines = _objects(piece)
    checked = validate_rows(table, objects, as_of=at)
    bad = [Bad(lines[one.index], one.field, one.code) for one in checked.rejects]
    chunks = [Chunk(lane, number, [], [], set()) for lane in range(LANES)]
    chunks[0].bad.extend([*piece.bad, *bad])
    chunks[0].unknown.update(checked.unknown)
    key = _KEPT_TOGETHER.get(table)
    for place, clean in zip(checked.places, checked.good, strict=True):
        lane = lane_of(clean[key]) if key else 0
        chunks[lane].good.append((lines[place], clean))
    return chunks


def _objects(piece: Piece) -> tuple[list[Any], list[int]]:
    if piece.table is None:
        return piece.rows, piece.lines
    first = piece.first_line
    return piece.table.to_pylist(), list(range(first, first + piece.table.num_rows))


def _load_chunk(
    source: Source, row: ImportedFile, chunk: Chunk, at: datetime, history: str
) -> None:
    with transaction.atomic():
        tally = put_rows(source.table, chunk.good, at, history)
        bad = sorted([*chunk.bad, *tally.bad], key=lambda one: one.line)
        _log(source, chunk, bad)
        _note(row, chunk, (tally.accepted, tally.duplicates, len(bad)))


def _note(row: ImportedFile, chunk: Chunk, counts: tuple[int, int, int]) -> None:
    """Store how far the chunk's lane is; the other lane's notes stay as they are."""
    lane = _name(chunk.lane)
    before = row.progress.get(lane, _FRESH)
    after = {
        "chunks": chunk.number + 1,
        "counts": [
            old + new for old, new in zip(before["counts"], counts, strict=True)
        ],
        "unknown": sorted({*before["unknown"], *chunk.unknown}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [[lane], json.dumps(after), row.pk])
    row.progress[lane] = after


def _gather(source: Source, row: ImportedFile) -> None:
    """Add up what the lanes have noted."""
    notes = [row.progress.get(_name(lane), _FRESH) for lane in range(LANES)]
    counts = zip(*(note["counts"] for note in notes), strict=True)
    row.progress["counts"] = [sum(one) for one in counts]
    strange = {
        f"{source.name}: unknown column {name}"
        for note in notes
        for name in note["unknown"]
    }
    row.warnings = sorted({*row.warnings, *strange})


def _log(source: Source, chunk: Chunk, bad: Sequence[Bad]) -> None:
    """Write the chunk's rejects before it commits; a repeated chunk rewrites them."""
    name = f"chunk-{chunk.number:06d}-{chunk.lane}.rejects.ndjson"
    path = work_folder(source) / name
    path.unlink(missing_ok=True)
    if bad:
        text = [
            reject_line(one.line, one.field, one.code, detail(one.field, one.code))
            for one in bad
        ]
        path.write_text("".join(f"{line}\n" for line in text))
