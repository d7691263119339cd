"""Leases on jobs: taken with a row lock, renewed by a thread, lost by silence."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.db.utils import OperationalError

from apps.core.models import Job

LEASE = timedelta(seconds=60)
_HEARTBEAT_SECONDS = 15.0
_GLANCE_SECONDS = 1.0  # how soon progress is written for those who watch


class LeaseLostError(Exception):
    """Another worker holds the job by now; stop without writing anything."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job."""

    job_id: str
    token: uuid.UUID
    attempt: int
    args: dict[str, Any]
    created_at: datetime


@dataclass(slots=True)
class JobProgress:
    """What a handler gets: the job's arguments, and `advance` to tell how far it is."""

    lease: Lease
    done: int = 0
    total: int = 0
    phase: str = ""
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def args(self) -> dict[str, Any]:
        return self.lease.args

    @property
    def job_id(self) -> str:
        return self.lease.job_id

    @property
    def created_at(self) -> datetime:
        return self.lease.created_at

    def advance(
        self, done: int, total: int | None = None, phase: str | None = None
    ) -> None:
        """State the absolute number of units done; raises when the lease is lost."""
        if self.lost.is_set():
            raise LeaseLostError(self.job_id)
        self.done = done
        self.total = self.total if total is None else total
        self.phase = self.phase if phase is None else phase[:80]


def take(*, kind: str, job_id: str) -> Lease | None:
    """Lease the job, or return None when it is not to be had (any more)."""
    ready = Q(state=Job.State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=Now()))
    lapsed = Q(state=Job.State.RUNNING, lease_until__lt=Now())
    with transaction.atomic():
        free = Job.objects.select_for_update(skip_locked=True)
        job = free.filter(ready | lapsed, pk=job_id, kind=kind).first()
        if job is None:
            return None
        lease = Lease(
            job_id=job.id,
            token=uuid.uuid4(),
            attempt=job.attempts + 1,
            args=job.args,
            created_at=job.created_at,
        )
        Job.objects.filter(pk=job.id).update(
            state=Job.State.RUNNING,
            attempts=lease.attempt,
            lease_token=lease.token,
            lease_until=Now() + LEASE,
            started_at=Now(),
            not_before=None,
            error="",
        )
    return lease


def held(lease: Lease) -> QuerySet[Job]:
    """Return the job's row as long as this lease still holds it."""
    return Job.objects.filter(
        pk=lease.job_id, state=Job.State.RUNNING, lease_token=lease.token
    )


def finish(
    lease: Lease,
    *,
    state: Job.State,
    result: dict[str, Any] | None = None,
    error: str = "",
) -> None:
    """End the job; a lease that was lost changes nothing."""
    held(lease).update(
        state=state,
        result=result or {},
        error=error,
        finished_at=Now(),
        lease_until=None,
        lease_token=None,
    )


@contextmanager
def kept_alive(lease: Lease) -> Iterator[JobProgress]:
    """Renew the lease from a thread with a connection of its own."""
    progress, over = JobProgress(lease), threading.Event()
    thread = threading.Thread(target=_beat, args=(progress, over), daemon=True)
    thread.start()
    try:
        yield progress
        if progress.lost.is_set():
            raise LeaseLostError(lease.job_id)
    finally:
        over.set()
        thread.join()
    _write(progress)


def _beat(progress: JobProgress, over: threading.Event) -> None:
    seen, age = (0, 0, ""), 0.0
    try:
        while not over.wait(_GLANCE_SECONDS) and not progress.lost.is_set():
            now = (progress.done, progress.total, progress.phase)
            age += _GLANCE_SECONDS
            if now != seen or age >= _HEARTBEAT_SECONDS:
                seen, age = now, 0.0
                _write(progress)
    finally:
        connection.close()


def _write(progress: JobProgress) -> None:
    try:
        kept = held(progress.lease).update(
            lease_until=Now() + LEASE,
            done=progress.done,
            total=progress.total,
            phase=progress.phase,
        )
    except OperationalError:  # a restart of the database; the next beat tells
        connection.close()
        return
    if not kept:
        progress.lost.set()
