"""Background jobs: their last success, their lag, and whether that is late."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Max, Q

from apps.audit.selectors import sequenced_until
from apps.core.models import Job

RECENT = 30


class JobHealth(NamedTuple):
    kind: str
    cadence: timedelta
    target: timedelta
    last_success: datetime | None
    lag: timedelta | None
    queued: int
    running: int
    failed: int
    late: bool


def job_health(at: datetime) -> list[JobHealth]:
    """Return one row a scheduled job; late means older than its freshness target."""
    counts: dict[str, Any] = {
        row["kind"]: row
        for row in Job.objects.values("kind").annotate(
            last=Max("finished_at", filter=Q(state=Job.State.DONE)),
            queued=Count("pk", filter=Q(state=Job.State.QUEUED)),
            running=Count("pk", filter=Q(state=Job.State.RUNNING)),
            failed=Count("pk", filter=Q(state__in=[Job.State.FAILED, Job.State.DEAD])),
        )
    }
    rows = []
    for kind, (cadence, target) in settings.KYCRISK_JOBS.items():
        seen = counts.get(kind, {})
        # the log is sequenced every two seconds, without a row in the job table
        sequences = kind == "audit.sequence"
        last = sequenced_until(at) if sequences else seen.get("last")
        lag = at - last if last else None
        rows.append(
            JobHealth(
                kind,
                timedelta(seconds=cadence),
                timedelta(seconds=target),
                last,
                lag,
                seen.get("queued", 0),
                seen.get("running", 0),
                seen.get("failed", 0),
                late=lag is None or lag > timedelta(seconds=target),
            )
        )
    return rows


def recent_jobs() -> list[Job]:
    return list(Job.objects.order_by("-created_at")[:RECENT])
