"""Every entry has its place and its `once` row; stored subtrees are right."""

from datetime import datetime

from django.db import connection

from apps.audit.promises import PATIENCE
from apps.audit.ranges import Problem

_COUNTS = """
SELECT (SELECT count(*) FROM audit.entry), (SELECT count(*) FROM audit.once),
  (SELECT count(*) FROM audit.leaf), (SELECT count(*) FROM audit.pending),
  (SELECT count(*) FROM audit.pending WHERE at < %s)
"""
_LOST = """
SELECT e.id FROM audit.entry e
WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = e.id)
  AND NOT EXISTS (SELECT FROM audit.pending p WHERE p.entry_id = e.id)
ORDER BY e.id LIMIT 5
"""
_UNINDEXED = """
SELECT e.id FROM audit.entry e LEFT JOIN audit.once o
  USING (object_type, object_id, object_version, kind)
WHERE o.entry_id IS DISTINCT FROM e.id ORDER BY e.id LIMIT 5
"""


def check(*, size: int, at: datetime) -> tuple[int, list[Problem]]:
    """Compare the tables with each other and with the newest checkpoint's size.

    Returns how many entries still wait for their place, and the differences.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [at - PATIENCE])
        entries, once, leaves, pending, late = cursor.fetchone() or (0,) * 5
        cursor.execute(_LOST)
        lost = [str(row[0]) for row in cursor.fetchall()]
        cursor.execute(_UNINDEXED)
        unindexed = [str(row[0]) for row in cursor.fetchall()]
    problems = [Problem("lost", f"entry {one} has no place", one) for one in lost]
    problems += [
        Problem("once", f"entry {one} lacks its `once` row", one) for one in unindexed
    ]
    if once != entries:
        problems.append(Problem("once", f"{once} `once` rows for {entries} entries"))
    if leaves != size:
        text = f"{leaves} leaves, but the newest checkpoint has {size}"
        problems.append(Problem("leaves", text))
    if late:
        text = f"{late} entries have waited too long for their place"
        problems.append(Problem("pending", text))
    return pending, problems


_WRONG_NODE = """
WITH child AS (
  SELECT 0 AS level, idx, leaf AS hash FROM audit.leaf
    WHERE idx >= %(start)s & ~1::bigint
  UNION ALL SELECT level, idx, hash FROM audit.node
    WHERE idx >= (%(start)s >> level) & ~1::bigint)
SELECT min(l.level + 1)
FROM child l JOIN child r ON r.level = l.level AND r.idx = l.idx + 1
LEFT JOIN audit.node n ON n.level = l.level + 1 AND n.idx = l.idx / 2
WHERE l.idx %% 2 = 0
  AND n.hash IS DISTINCT FROM sha256('\\x01'::bytea || l.hash || r.hash)
"""


def check_nodes(*, start: int) -> list[Problem]:
    """Recompute the subtrees above leaf `start`, from which proofs are made."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_NODE, {"start": start})
        row = cursor.fetchone()
    if row and row[0] is not None:
        return [Problem("node", f"a stored subtree of level {row[0]} is wrong")]
    return []
