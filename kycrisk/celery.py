"""Celery rings; the rows of core_job say what there is to do."""

import os
from typing import Any

from celery import Celery
from kombu.utils.url import safequote

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kycrisk.settings")
from django.conf import settings

_RING_AGAIN_SECONDS = 15
_LONGEST_TICK_SECONDS = 600
# Short and frequent work has a worker of its own, so that it never waits for long work.
QUICK = {"core.ring_again", "audit.sequence"}


def configuration() -> dict[str, Any]:
    """Return the configuration of Celery for the settings of this process."""
    kinds = {kind: cadence for kind, (cadence, _) in settings.KYCRISK_JOBS.items()}
    return {
        **_broker(),
        "broker_connection_retry_on_startup": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_publish_retry": False,
        "task_default_queue": "kycrisk",
        "task_routes": {kind: {"queue": "quick"} for kind in QUICK},
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        "beat_schedule": {
            "core.ring_again": _entry("core.ring_again", _RING_AGAIN_SECONDS),
            **{kind: _entry(kind, cadence) for kind, cadence in kinds.items()},
        },
    }


def _broker() -> dict[str, Any]:
    """Return the configured broker, else the schema `broker` of our database."""
    if settings.BROKER_URL:
        return {"broker_url": settings.BROKER_URL}
    database = settings.DATABASES["default"]
    user, password, host = (
        safequote(database[part]) for part in ("USER", "PASSWORD", "HOST")
    )
    place = f"{database['NAME']}?host={host}&port={database['PORT'] or 5432}"
    return {
        "broker_url": f"sqla+postgresql+psycopg://{user}:{password}@/{place}",
        "broker_transport_options": {
            "connect_args": {"options": "-csearch_path=broker"},
            "pool_pre_ping": True,
            "pool_size": 1,
            "max_overflow": 4,
        },
    }


def _entry(kind: str, cadence: int) -> dict[str, Any]:
    # Rare jobs tick more often than they run: the slot lets only one through, and a
    # restart never skips a day. A tick that no worker took in time is of no use.
    seconds = min(cadence, _LONGEST_TICK_SECONDS)
    return {"task": kind, "schedule": seconds, "options": {"expires": seconds}}


app = Celery("kycrisk")
app.conf.update(**configuration())
app.autodiscover_tasks()
