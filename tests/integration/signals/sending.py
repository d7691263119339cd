"""Facts handed over as a provider's edge hands them over."""

import json
from datetime import datetime

from apps.audit.services import Actor
from apps.signals.services import BatchReport, record_batch
from tests.integration.signals import bundles


def send(rows: list[bundles.Row], at: datetime) -> None:
    """Hand rows over, recorded at a moment; all of them must be accepted."""
    report = record_batch(
        rows=[
            (place, json.loads(json.dumps(bundles.plain(row))))
            for place, row in enumerate(rows)
        ],
        report=BatchReport(),
        at=at,
        actor=Actor("system", "test"),
        request_id=None,
    )
    assert (report.accepted, report.rejected) == (len(rows), [])
