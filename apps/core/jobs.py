"""Background work: rows of `core_job` are the queue, a message is only a doorbell.

A job runs under a lease that a heartbeat renews. Whoever holds the lease works; a
worker that dies lets it run out, and `ring_again` wakes the next one. Every clock
here is the database's, but for `at`, which names the slot of a cadence.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from apps.core import leases
from apps.core.errors import DomainError
from apps.core.ids import new_id
from apps.core.models import Job

MAX_ATTEMPTS = 5
KEPT_FOR = timedelta(days=30)
_GRACE = timedelta(seconds=10)  # a doorbell that rang gets this long to be heard
_RETRY_SECONDS = 10  # times 2 ** attempts
Progress = leases.JobProgress
Handler = Callable[[Progress], dict[str, Any] | None]
log = logging.getLogger(__name__)


def enqueue(
    *,
    kind: str,
    key: str,
    args: dict[str, Any],
    at: datetime,
    not_before: datetime | None = None,
) -> Job:
    """Want some work done: one job a key, however often this is called.

    The row belongs to the caller's transaction; the doorbell rings after commit.
    """
    job, made = _put(kind=kind, key=key, args=args, at=at, not_before=not_before)
    if made and not_before is None:
        transaction.on_commit(lambda: ring(job))
    return job


def ring(job: Job) -> None:
    """Send the doorbell; when the broker is away, `ring_again` will do it later."""
    # By name, so that no service imports Celery by way of this module.
    send = import_string("apps.core.tasks.send")
    try:
        send(kind=job.kind, job_id=job.id)
    except Exception:  # noqa: BLE001 - whatever a broker's driver may raise
        log.warning("doorbell did not ring", extra={"job_id": job.id})


def work(*, kind: str, job_id: str | None, handler: Handler, at: datetime) -> None:
    """Run one job under a lease; the whole body of a task.

    Without `job_id` (a tick of the schedule) the job of the cadence's slot is made
    and run. A job that is done, or held by another worker, is left alone. A
    DomainError fails the job for good, any other error lets it be tried again.
    """
    job_id = job_id or _slot_job(kind, at)
    lease = leases.take(kind=kind, job_id=job_id) if job_id else None
    if lease is None:
        return
    try:
        with leases.kept_alive(lease) as progress:
            result = handler(progress) or {}
    except leases.LeaseLostError:
        log.warning("lease lost", extra={"job_id": job_id, "kind": kind})
    except DomainError as error:
        leases.finish(lease, state=Job.State.FAILED, error=error.code)
    except Exception as error:
        log.exception("job failed", extra={"job_id": job_id, "kind": kind})
        _retry_or_bury(lease, error)
    else:
        leases.finish(lease, state=Job.State.DONE, result=result)


def ring_again() -> dict[str, int]:
    """Ring for queued jobs that nobody heard, and for those whose worker is gone."""
    buried = _lapsed().filter(attempts__gte=MAX_ATTEMPTS)
    dead = buried.update(
        state=Job.State.DEAD, finished_at=Now(), error="worker lost too often"
    )
    unheard = Q(not_before=None, created_at__lte=Now() - _GRACE)
    due = Q(not_before__lte=Now())
    waiting = Job.objects.filter(unheard | due, state=Job.State.QUEUED)
    lost = _lapsed().filter(attempts__lt=MAX_ATTEMPTS)
    rung = [*waiting.order_by("created_at")[:500], *lost.order_by("created_at")[:500]]
    for job in rung:
        ring(job)
    gone = Job.objects.filter(finished_at__lt=Now() - KEPT_FOR).delete()[0]
    return {"rung": len(rung), "dead": dead, "forgotten": gone}


def _lapsed() -> Any:
    return Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=Now())


def _put(
    *,
    kind: str,
    key: str,
    args: dict[str, Any],
    at: datetime,
    not_before: datetime | None = None,
) -> tuple[Job, bool]:
    made = Job(
        id=new_id("job", at),
        kind=kind,
        key=key,
        args=args,
        created_at=at,
        not_before=not_before,
    )
    Job.objects.bulk_create([made], ignore_conflicts=True)
    job = Job.objects.get(key=key)
    return job, job.id == made.id


def _slot_job(kind: str, at: datetime) -> str | None:
    """Make the job of this slot, unless an earlier one of the kind still goes on."""
    cadence, _ = settings.KYCRISK_JOBS[kind]
    slot = datetime.fromtimestamp(at.timestamp() // cadence * cadence, UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [kind])
        unfinished = [Job.State.QUEUED, Job.State.RUNNING]
        if Job.objects.filter(kind=kind, state__in=unfinished).exists():
            return None
        key = f"{kind}@{slot.isoformat()}"
        job, made = _put(kind=kind, key=key, args={}, at=at)
        return job.id if made else None


def _retry_or_bury(lease: leases.Lease, error: Exception) -> None:
    if lease.attempt >= MAX_ATTEMPTS:
        leases.finish(lease, state=Job.State.DEAD, error=type(error).__name__)
        return
    wait = timedelta(seconds=_RETRY_SECONDS * 2**lease.attempt)
    leases.held(lease).update(
        state=Job.State.QUEUED,
        not_before=Now() + wait,
        lease_token=None,
        lease_until=None,
        attempts=F("attempts"),
        error=type(error).__name__,
    )
