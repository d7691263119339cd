"""Join the small files of a day that is over: twenty-four reads become one.

Hours are sealed into a file each, late rows into more. Once nothing more is expected
of a day, its sealed files are joined. As with sealing, one transaction decides: it
names the joined file and retires the ones it came from; readers that have those open
keep them for a day, until `sweep` takes them away.
"""

from collections.abc import Callable, Sequence
from datetime import date as Date  # noqa: N812 - `date` is a column here
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Count, Sum

from apps.signals.errors import LakeWriteError
from apps.signals.models import LakeFile
from apps.signals.selectors import hot, lake
from apps.signals.selectors.duck import scratch
from apps.signals.services import keys
from apps.signals.services import lake as lake_files

MANY: Final = 4  # files of a day from which joining them is worth the work
MOST_ROWS: Final = 4_000_000  # of a joined file: it is sorted in memory
_SMALL: Final = (LakeFile.Source.SEAL, LakeFile.Source.COMPACT)


def compact_days(
    *, at: datetime, advance: Callable[[int, int], None] = lambda _done, _all: None
) -> dict[str, int]:
    """Join the sealed files of every day of which the endpoint takes no more rows."""
    days = (
        LakeFile.objects.filter(
            source__in=_SMALL, retired_at=None, date__lt=(at - keys.KEPT).date()
        )
        .values("table", "date")
        .annotate(files=Count("pk"), total=Sum("rows"))
        .filter(files__gte=MANY, total__lte=MOST_ROWS)
        .order_by("table", "date")
    )
    work = [(day["table"], day["date"]) for day in days]
    joined = 0
    for done, (table, date) in enumerate(work, start=1):
        joined += _join(table, date, at)
        advance(done, len(work))
    return {"days_joined": len(work), "files_joined": joined}


def _join(table: str, date: Date, at: datetime) -> int:
    """Join the files of one day; return how many there were."""
    with transaction.atomic():
        files = list(
            LakeFile.objects.select_for_update()
            .filter(table=table, date=date, source__in=_SMALL, retired_at=None)
            .order_by("name")
        )
        stored = _stored(files, table, date)
        if stored.name in {file.name for file in files}:
            raise LakeWriteError
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [hot.MOVE_LOCK])
        LakeFile.objects.filter(pk__in=[file.pk for file in files]).update(
            retired_at=at
        )
        lake_files.register(stored, source=LakeFile.Source.COMPACT, at=at)
    return len(files)


def _stored(files: Sequence[LakeFile], table: str, date: Date) -> lake_files.Stored:
    """Write the rows of all files into one; raise unless count and sum are theirs."""
    rows = scratch().sql(lake.rows_sql(table, files)).to_arrow_table()
    stored = lake_files.store(rows, table=table, date=date)
    whole = sum(file.row_sum for file in files) % lake.SUM_MODULUS
    if (stored.rows, stored.row_sum) != (sum(file.rows for file in files), whole):
        raise LakeWriteError
    return stored
