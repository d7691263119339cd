from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from apps.core import broker, jobs


@shared_task(name="core.ring_again")
def ring_again(**_: Any) -> None:
    """Wake jobs that nobody works on, and clear the broker of old messages."""
    jobs.ring_again()
    broker.prune()


def send(*, kind: str, job_id: str) -> None:
    """Ring for one job."""
    app = import_string(settings.CELERY_APP)
    app.send_task(kind, kwargs={"job_id": job_id}, retry=False)
