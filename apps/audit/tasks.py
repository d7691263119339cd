from datetime import UTC, datetime

from celery import shared_task

from apps.audit import services


@shared_task(name="audit.sequence", ignore_result=True)
def sequence(**_: object) -> None:
    """Sequence what is pending; a tick that finds another one at work does nothing."""
    services.sequence_now(at=datetime.now(UTC), wait=False)
