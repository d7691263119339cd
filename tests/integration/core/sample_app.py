"""A Celery app for the tests of jobs: the product's own, and two kinds of work."""

import os
import time
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from celery import shared_task  # noqa: E402 - Django must be set up first
from django.db import connection  # noqa: E402 - as above

from apps.core import jobs  # noqa: E402 - as above
from kycrisk.celery import app  # noqa: E402 - as above

__all__ = ["app"]


@shared_task(name="sample.note")
def note(*, job_id: str, **_: Any) -> None:
    """Write one row: the effect that is counted."""
    jobs.work(kind="sample.note", job_id=job_id, handler=_note, at=datetime.now(UTC))


@shared_task(name="sample.slow")
def slow(*, job_id: str, **_: Any) -> None:
    """Say which process works, wait on the first attempt, then write one row."""
    jobs.work(kind="sample.slow", job_id=job_id, handler=_slow, at=datetime.now(UTC))


def _note(progress: jobs.Progress) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO broker.effect VALUES (%s)", [progress.job_id])
    return {"noted": progress.args["number"]}


def _slow(progress: jobs.Progress) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO broker.worker VALUES (%s)", [os.getpid()])
    if progress.lease.attempt == 1:
        time.sleep(60)  # long enough for the test to kill this worker at work
    progress.advance(1, total=1, phase="writing")
    return _note(progress)
