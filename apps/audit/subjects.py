"""Audited rows against what the log says of them."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import connection

from apps.audit.body import CHUNK, contents
from apps.audit.ranges import Problem
from apps.core import canonical

Subject = tuple[str, int, dict[str, object]]  # object id, version, content
_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS said (
  id text, version int, sha text, entry_id uuid, place bigint);
CREATE TEMP TABLE IF NOT EXISTS found (id text, version int, sha text);
TRUNCATE said; TRUNCATE found;
"""
# The newest version that the log knows of each object. Of several entries for it the
# first is the change itself; later ones record what was done with it.
_COMPARE = """
WITH newest AS (
  SELECT DISTINCT ON (id) id, version, sha, entry_id FROM said
  ORDER BY id, version DESC, place)
SELECT coalesce(n.id, f.id), n.entry_id, f.id IS NULL, n.id IS NULL,
  n.version = f.version
FROM newest n FULL JOIN found f ON f.id = n.id
WHERE (n.version, n.sha) IS DISTINCT FROM (f.version, f.sha)
ORDER BY n.entry_id NULLS LAST LIMIT %s
"""
# What has no place in the tree yet comes after everything that has one.
_ENTRIES = """
SELECT e.id, e.object_id, e.object_version, e.body,
  coalesce(l.idx, 1::bigint << 62 | p.pid)
FROM audit.entry e LEFT JOIN audit.leaf l ON l.entry_id = e.id
LEFT JOIN audit.pending p ON p.entry_id = e.id
WHERE e.object_type = ANY(%s) AND e.id > %s ORDER BY e.id LIMIT 1000
"""


def compare(
    object_type: str,
    rows: Iterable[Subject],
    *,
    with_chunks: bool = True,
    limit: int = 20,
) -> tuple[int, list[Problem]]:
    """Compare every row with its entry; return how many rows, and the differences.

    Rows written in bulk are compared with the entry of their chunk. Where a selector
    yields chunks itself, as {"rows": {id: hash}}, their rows are compared one by one;
    then the selector of single rows takes `with_chunks=False`.
    Streams through two temporary tables, so memory does not grow with the rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
    types = [object_type, *([object_type + CHUNK] if with_chunks else [])]
    _fill("said", _said(types))
    count = _fill("found", _found(rows))
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, [limit])
        differences = cursor.fetchall()
    return count, [_problem(object_type, *one) for one in differences]


def _said(types: list[str]) -> Iterator[tuple[object, ...]]:
    last = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ENTRIES, [types, last])
            page = cursor.fetchall()
        for entry_id, object_id, version, body, place in page:
            said = contents(bytes(body))
            rows = {object_id: said} if isinstance(said, str) else said
            for row_id, sha in rows.items():
                yield row_id, version, sha, entry_id, place
        if not page:
            return
        last = page[-1][0]


def _found(rows: Iterable[Subject]) -> Iterator[tuple[object, ...]]:
    for object_id, version, content in rows:
        inner = content.get("rows")
        if isinstance(inner, dict):
            for row_id, sha in inner.items():
                yield row_id, version, sha
        else:
            yield object_id, version, canonical.digest(content)


def _fill(table: str, rows: Iterator[tuple[object, ...]]) -> int:
    """Write rows in batches: a COPY may not stay open while the next page is read."""
    count = 0
    batch: list[tuple[object, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= _BATCH:
            count += _copy(table, batch)
            batch.clear()
    return count + _copy(table, batch)


_BATCH = 5000


def _copy(table: str, batch: list[tuple[object, ...]]) -> int:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in batch:
            copy.write_row(row)
    return len(batch)


def _problem(
    object_type: str,
    object_id: str,
    entry_id: object,
    gone: bool,
    unrecorded: bool,
    same_version: bool | None,
) -> Problem:
    name = f"{object_type} {object_id}"
    entry = None if entry_id is None else str(entry_id)
    if unrecorded:
        return Problem("row_unrecorded", f"{name} has no entry in the log")
    if gone:
        return Problem("row_gone", f"{name} of entry {entry} is gone", entry)
    if same_version:
        return Problem("row_changed", f"{name} differs from its entry {entry}", entry)
    text = f"{name} has another version than its newest entry {entry}"
    return Problem("row_version", text, entry)
