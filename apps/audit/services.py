"""The one door into the log."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.audit.body import (
    CHUNK,
    Actor,
    EntryRow,
    Record,
    chunk_content,
    entry_row,
)
from apps.audit.sequencer import ForkedLogError, sequence_now
from apps.core.sql import execute

__all__ = [
    "Actor",
    "ForkedLogError",
    "OutsideTransactionError",
    "Record",
    "record",
    "record_chunk",
    "record_many",
    "sequence_now",
]

_COLUMNS = ", ".join(EntryRow._fields)
_INSERT = (
    f"INSERT INTO audit.entry ({_COLUMNS}) VALUES"
    f" ({', '.join(f'${at}' for at in range(1, len(EntryRow._fields) + 1))})"
)
_COPY = f"COPY audit.entry ({_COLUMNS}) FROM STDIN"


class OutsideTransactionError(RuntimeError):
    """An entry must stand or fall with the change that it records."""


def record(  # noqa: PLR0913 - the columns of an entry
    *,
    kind: str,
    object_type: str,
    object_id: str,
    version: int,
    content: Mapping[str, object],
    actor: Actor,
    at: datetime,
    request_id: str | None = None,
    job_id: str | None = None,
) -> UUID:
    """Record one change inside the caller's transaction; at most one round trip.

    `content` repeats the audited row without personal values: verify_audit compares
    it with what the subject's selector yields. Raises IntegrityError where this kind
    is already recorded for this version of the object; in a pipelined request that
    comes at its end.
    """
    _need_transaction()
    row = entry_row(
        Record(
            kind=kind,
            object_type=object_type,
            object_id=object_id,
            version=version,
            content=content,
            actor=actor,
            at=at,
            request_id=request_id,
            job_id=job_id,
        )
    )
    execute(_INSERT, *row, unread=True)
    return row.id


def record_many(records: Iterable[Record]) -> list[UUID]:
    """Record many changes inside the caller's transaction; several by COPY."""
    _need_transaction()
    rows = [entry_row(one) for one in records]
    if len(rows) == 1:
        execute(_INSERT, *rows[0], unread=True)
    elif rows:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
    return [row.id for row in rows]


def record_chunk(
    *,
    kind: str,
    object_type: str,
    chunk: UUID,
    rows: Mapping[str, str],
    actor: Actor,
    at: datetime,
    request_id: str | None = None,
    job_id: str | None = None,
) -> UUID:
    """Record rows written in bulk as one entry; `rows` maps id -> digest(content).

    At most 1,000 rows: each stays named, and one entry stays small enough to read.
    """
    if len(rows) > MAX_CHUNK:
        raise ValueError(f"a chunk holds at most {MAX_CHUNK} rows")
    return record(
        kind=kind,
        object_type=object_type + CHUNK,
        object_id=str(chunk),
        version=1,
        content=chunk_content(rows),
        actor=actor,
        at=at,
        request_id=request_id,
        job_id=job_id,
    )


MAX_CHUNK = 1000


def _need_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransactionError("record inside the transaction of the change")
