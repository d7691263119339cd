"""The whole audit log, and every audited row against what the log says of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from apps.audit.services import sequence_now
from apps.audit.subjects import compare
from apps.audit.verify import Report, check_log, remember


def verify(
    *,
    at: datetime,
    full: bool,
    procs: int = 1,
    advance: Callable[[int], None] = lambda _: None,
) -> Report:
    """Sequence what waits, check the log, then every row of settings.AUDIT_SUBJECTS.

    All of it sees one moment of the database, so that work may go on meanwhile.
    `advance` is told how many entries and rows were read. Never raises for a bad log:
    the report's `problems` say what differs, the first one first.
    """
    sequence_now(at=at)
    with _one_moment():
        report = check_log(full=full, at=at, procs=procs, advance=advance)
        for object_type, path in sorted(settings.AUDIT_SUBJECTS.items()):
            rows = import_string(path)()
            count, problems = compare(object_type, rows)
            report.rows[object_type] = count
            report.add(problems)
            advance(count)
    remember(report)
    return report


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read from one snapshot of the database; an open transaction stays as it is."""
    outer = connection.in_atomic_block
    with transaction.atomic():
        if not outer:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
