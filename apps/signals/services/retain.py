"""Let go of exchanges when their time is over, and say so in the log."""

from collections.abc import Mapping
from datetime import date as Date  # noqa: N812 - `date` is a column here
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.audit import services as audit
from apps.core.ids import new_id
from apps.signals.models import LakeFile
from apps.signals.selectors import lake


def drop_expired(*, at: datetime, actor: audit.Actor) -> dict[str, int]:
    """Retire lake files whose day lies before the retention of their class.

    `settings.KYCRISK_RETENTION` names days and legal basis by table; 0 days keeps a
    class for good. What is dropped is in the log: class, basis, bound, files and rows.
    Files leave the disk a day later, with `sweep`; hot rows never grow that old, since
    they are sealed. Repeating it drops nothing more.
    """
    dropped = 0
    for table in lake.TIMES:
        rule: Mapping[str, Any] = settings.KYCRISK_RETENTION[table]
        if rule["days"]:
            before = (at - timedelta(days=rule["days"])).date()
            dropped += _drop(table, before, rule, at, actor)
    return {"rows_expired": dropped}


@transaction.atomic
def _drop(
    table: str,
    before: Date,
    rule: Mapping[str, Any],
    at: datetime,
    actor: audit.Actor,
) -> int:
    files = list(
        LakeFile.objects.select_for_update().filter(
            table=table, date__lt=before, retired_at=None
        )
    )
    if not files:
        return 0
    LakeFile.objects.filter(pk__in=[file.pk for file in files]).update(retired_at=at)
    rows = sum(file.rows for file in files)
    audit.record(
        kind="signals.facts.expired",
        object_type="retention",
        object_id=new_id("ret", at),
        version=1,
        content={
            "class": table,
            "basis": rule["basis"],
            "kept_days": rule["days"],
            "before": before.isoformat(),
            "files": len(files),
            "rows": rows,
        },
        actor=actor,
        at=at,
    )
    return rows
