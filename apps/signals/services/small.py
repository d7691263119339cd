"""Tables of PostgreSQL: a chunk of rows and its progress in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.audit import services as audit
from apps.core.ahead import ahead
from apps.core.validation import validate_rows
from apps.customers import selectors as customer_facts
from apps.customers import services as customers
from apps.customers.services import PutReport
from apps.signals.choices import Verdict
from apps.signals.models import ImportedFile
from apps.signals.services.bundle import read_pieces, reject_line
from apps.signals.services.events import put_events
from apps.signals.services.outcomes import put_outcomes, put_provider_events
from apps.signals.services.pieces import Bad, Piece, Source
from apps.signals.services.problems import detail
from apps.signals.services.stage import work_folder

_IMPORTER: Final = audit.Actor("system", "importer")
CHUNK_ROWS: Final = 5_000
_PUT: Final[Mapping[str, Callable[..., PutReport]]] = {
    "customers": customers.put_customers,
    "accounts": customers.put_accounts,
    "api_keys": customers.put_api_keys,
    "payment_methods": customers.put_payment_methods,
}
_ID: Final = {"events": "event_id", "outcomes": "outcome_id"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Checked rows of a file with their lines, what was refused, unknown columns."""

    number: int
    good: list[tuple[int, dict[str, Any]]]
    bad: list[Bad]
    unknown: set[str]


@dataclass(slots=True)
class Tally:
    """What became of one chunk."""

    accepted: int = 0
    duplicates: int = 0
    bad: list[Bad] = field(default_factory=list)


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
    folder = work_folder(source)
    folder.mkdir(parents=True, exist_ok=True)
    done = row.progress.get("chunks", 0)

    def check(numbered: tuple[int, Piece]) -> tuple[Chunk | None, int]:
        number, piece = numbered
        fresh = number >= done
        return _checked(source.table, number, piece, at) if fresh else None, piece.read

    pieces = enumerate(read_pieces(source, rows=CHUNK_ROWS))
    # The next chunk is checked while the database stores this one.
    for chunk, read in ahead(check, pieces, threads=1):
        if chunk is not None:
            _load_chunk(source, row, chunk, at, history)
        advance(read)
    row.progress.setdefault("counts", [0, 0, 0])


def _checked(table: str, number: int, piece: Piece, at: datetime) -> Chunk:
    objects, lines = _objects(piece)
    checked = validate_rows(table, objects, as_of=at)
    bad = [Bad(lines[one.index], one.field, one.code) for one in checked.rejects]
    good = [
        (lines[place], clean)
        for place, clean in zip(checked.places, checked.good, strict=True)
    ]
    return Chunk(number, good, [*piece.bad, *bad], set(checked.unknown))


def _load_chunk(
    source: Source, row: ImportedFile, chunk: Chunk, at: datetime, history: str
) -> None:
    with transaction.atomic():
        tally = _put(source.table, chunk.good, at, history)
        bad = sorted([*chunk.bad, *tally.bad], key=lambda one: one.line)
        _log(source, chunk.number, bad)
        counts = row.progress.get("counts", [0, 0, 0])
        more = (tally.accepted, tally.duplicates, len(bad))
        row.progress["counts"] = [
            old + new for old, new in zip(counts, more, strict=True)
        ]
        row.progress["chunks"] = chunk.number + 1
        strange = {f"{source.name}: unknown column {name}" for name in chunk.unknown}
        row.warnings = sorted({*row.warnings, *strange})
        row.save(update_fields=["progress", "warnings"])


def _objects(piece: Piece) -> tuple[list[Any], list[int]]:
    if piece.table is None:
        return piece.rows, piece.lines
    first = piece.first_line
    return piece.table.to_pylist(), list(range(first, first + piece.table.num_rows))


def _log(source: Source, number: int, bad: Sequence[Bad]) -> None:
    """Write the chunk's rejects before it commits; a repeated chunk rewrites them."""
    path = work_folder(source) / f"chunk-{number:06d}.rejects.ndjson"
    path.unlink(missing_ok=True)
    if bad:
        text = [
            reject_line(one.line, one.field, one.code, detail(one.field, one.code))
            for one in bad
        ]
        path.write_text("".join(f"{line}\n" for line in text))


def _put(
    table: str, good: Sequence[tuple[int, dict[str, Any]]], at: datetime, history: str
) -> Tally:
    tally = Tally()
    rows = [row for _, row in good]
    if table in _PUT:
        more = {"history": history} if table == "accounts" else {}
        report = _PUT[table](rows=rows, source="bundle", at=at, **more)
        tally.accepted += report.accepted
        tally.duplicates += report.duplicates
        tally.bad += [_orphan(good[place][0]) for place in report.orphans]
    elif table == "provider":
        verdicts = put_provider_events(rows=rows, recorded_at=None, at=at)
        _count(tally, good, verdicts, "name")
    else:
        keys = customer_facts.ids_of(sorted({row["account_id"] for row in rows}))
        known = [(line, row) for line, row in good if row["account_id"] in keys]
        tally.bad += [
            _orphan(line) for line, row in good if row["account_id"] not in keys
        ]
        _put_facts(table, tally, known, keys, at)
    return tally


def _orphan(line: int) -> Bad:
    return Bad(line, "account_id", "unknown_account")


def _put_facts(
    table: str,
    tally: Tally,
    good: Sequence[tuple[int, dict[str, Any]]],
    keys: Mapping[str, int],
    at: datetime,
) -> None:
    """Put events or outcomes; a key that comes twice in a chunk goes in a second go."""
    name = _ID[table]
    rest = list(good)
    while rest:
        first: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
        later = []
        for line, row in rest:
            key = (row["account_id"] if table == "events" else "", row[name])
            if key in first:
                later.append((line, row))
            else:
                first[key] = (line, row)
        now = list(first.values())
        rows = [row for _, row in now]
        verdicts = (
            put_events(rows=rows, account_keys=keys, recorded_at=None, at=at)
            if table == "events"
            else put_outcomes(rows=rows, account_keys=keys, at=at, actor=_IMPORTER)
        )
        _count(tally, now, verdicts, name)
        rest = later


def _count(
    tally: Tally,
    good: Sequence[tuple[int, dict[str, Any]]],
    verdicts: Sequence[Verdict],
    name: str,
) -> None:
    for (line, _), verdict in zip(good, verdicts, strict=True):
        if verdict is Verdict.ACCEPTED:
            tally.accepted += 1
        elif verdict is Verdict.DUPLICATE:
            tally.duplicates += 1
        else:
            tally.bad.append(Bad(line, name, verdict.value))
