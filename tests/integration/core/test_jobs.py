"""Jobs: leases, retries, slots, and what a killed worker or a wiped broker costs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from django.conf import settings as live
from django.db import connection
from django.db.models.functions import Now

from apps.core import broker, jobs, leases
from apps.core.errors import ConflictError
from apps.core.models import Job
from kycrisk.celery import configuration
from tests.databases import Database
from tests.waiting import eventually

AT = datetime(2026, 11, 1, 10, 7, tzinfo=UTC)
KIND = "rings.find_rings"


def _job(key: str = "one", kind: str = "sample.note", **args: Any) -> Job:
    return jobs.enqueue(kind=kind, key=key, args=args or {"number": 1}, at=AT)


def _state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


@pytest.mark.django_db
def test_one_key_is_one_job() -> None:
    assert _job("same").id == _job("same").id
    assert _job("other").id != _job("same").id


@pytest.mark.django_db
def test_a_job_runs_once_and_keeps_its_result() -> None:
    job, calls = _job(), []

    def handle(progress: jobs.Progress) -> dict[str, Any]:
        calls.append(progress.args["number"])
        return {"rows": 7}

    for _ in range(2):
        jobs.work(kind=job.kind, job_id=job.id, handler=handle, at=AT)
    assert calls == [1]
    assert _state(job) == Job.State.DONE
    assert job.result == {"rows": 7}
    assert job.finished_at is not None


@pytest.mark.django_db
def test_a_message_with_the_wrong_kind_or_id_does_nothing() -> None:
    job = _job()

    def handle(_: jobs.Progress) -> None:
        pytest.fail("must not run")

    jobs.work(kind="sample.other", job_id=job.id, handler=handle, at=AT)
    jobs.work(kind=job.kind, job_id="job_unknown", handler=handle, at=AT)
    assert _state(job) == Job.State.QUEUED


@pytest.mark.django_db
def test_an_error_is_tried_again_five_times_and_then_buried() -> None:
    job = _job()

    def handle(_: jobs.Progress) -> None:
        raise RuntimeError("jane@example.com")

    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        jobs.work(kind=job.kind, job_id=job.id, handler=handle, at=AT)
        expected = "dead" if attempt == jobs.MAX_ATTEMPTS else "queued"
        assert _state(job) == expected
        assert job.attempts == attempt
        assert job.error == "RuntimeError"  # and not what it said
        Job.objects.filter(pk=job.pk, state="queued").update(not_before=None)


@pytest.mark.django_db
def test_a_failed_attempt_waits_before_the_next() -> None:
    job = _job()
    jobs.work(kind=job.kind, job_id=job.id, handler=lambda _: 1 / 0, at=AT)  # type: ignore[arg-type,return-value]  # a handler that only fails
    assert leases.take(kind=job.kind, job_id=job.id) is None
    assert _state(job) == Job.State.QUEUED


@pytest.mark.django_db
def test_a_domain_error_fails_at_once() -> None:
    job = _job()

    def handle(_: jobs.Progress) -> None:
        raise ConflictError("Not like this.")

    jobs.work(kind=job.kind, job_id=job.id, handler=handle, at=AT)
    assert _state(job) == Job.State.FAILED
    assert job.error == "conflict"


@pytest.mark.django_db
def test_a_tick_makes_one_job_a_slot_and_never_two_at_a_time() -> None:
    ran: list[str] = []
    slots: list[tuple[datetime, int]] = [
        (AT, 1),
        (AT + timedelta(minutes=1), 1),  # the same ten minutes
        (AT + timedelta(minutes=10), 2),
    ]

    def handle(progress: jobs.Progress) -> None:
        ran.append(progress.job_id)

    for at, expected in slots:
        jobs.work(kind=KIND, job_id=None, handler=handle, at=at)
        assert len(ran) == expected
    Job.objects.filter(pk=ran[-1]).update(state="running", lease_until=Now())
    jobs.work(kind=KIND, job_id=None, handler=handle, at=AT + timedelta(hours=1))
    assert len(ran) == 2


@pytest.mark.django_db
def test_the_sweep_rings_for_the_unheard_and_buries_the_hopeless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[str] = []
    unheard, fresh, lost, hopeless, waiting = (_job(f"{n}") for n in range(5))
    old = datetime.now(UTC) - timedelta(minutes=5)
    rows = Job.objects.filter
    monkeypatch.setattr(jobs, "ring", lambda job: rung.append(job.id))
    rows(pk=fresh.pk).update(created_at=datetime.now(UTC))
    rows(pk=lost.pk).update(state="running", lease_until=old, attempts=1)
    rows(pk=hopeless.pk).update(state="running", lease_until=old, attempts=5)
    rows(pk=waiting.pk).update(not_before=datetime.now(UTC) + timedelta(minutes=5))
    assert jobs.ring_again() == {"rung": 2, "dead": 1, "forgotten": 0}
    assert _state(hopeless) == Job.State.DEAD
    assert rung == [unheard.id, lost.id]


@pytest.fixture
def worker(
    fresh_database: Database, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator["subprocess.Popen[bytes]"]:
    """A real worker with two processes on a database of its own."""
    # The bell of this process rings in that database too.
    bell = Celery("bell", set_as_current=False)
    bell.conf.update(**configuration())
    monkeypatch.setattr(sys.modules[__name__], "bell", bell, raising=False)
    settings.CELERY_APP = f"{__name__}.bell"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE broker.effect (job_id text)")
        cursor.execute("CREATE TABLE broker.worker (pid int)")
    sample = "tests.integration.core.sample_app"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-q", "-A", sample, "worker"),
            *("--concurrency=2", "--queues=kycrisk,quick", "--loglevel=ERROR"),
        ],
        cwd=live.BASE_DIR,
        env={**fresh_database.environment, "PYTHONWARNINGS": "ignore"},
        process_group=0,
    )
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    bell.close()


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM broker.{table}")
        return int(cursor.fetchone()[0])


@pytest.mark.slow
@pytest.mark.faults
def test_a_killed_worker_costs_a_delay_and_nothing_else(
    worker: "subprocess.Popen[bytes]",
) -> None:
    job = _job("slow", kind="sample.slow", number=3)
    assert eventually(lambda: _count("worker") == 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM broker.worker")
        os.kill(int(cursor.fetchone()[0]), signal.SIGKILL)
    assert _state(job) == Job.State.RUNNING
    # The lease runs out in a minute; the test does not wait for it.
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert jobs.ring_again()["rung"] == 1
    assert eventually(lambda: _state(job) == Job.State.DONE)
    assert job.attempts == 2
    assert _count("effect") == 1


@pytest.mark.slow
@pytest.mark.faults
def test_a_wiped_broker_loses_nothing(worker: "subprocess.Popen[bytes]") -> None:
    made = [_job(f"{number}", number=number) for number in range(8)]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM broker.kombu_message")
        cursor.execute("DELETE FROM broker.kombu_queue")
    Job.objects.update(created_at=Now() - timedelta(minutes=1))
    jobs.ring_again()
    assert eventually(lambda: not Job.objects.exclude(state="done").exists())
    assert _count("effect") == len(made)
    broker.prune()
    assert _count("kombu_message") == 0
