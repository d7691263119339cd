"""Writes of facts: bundles, batches, and the move from hot tables to the lake."""

from apps.signals.services.compact import compact_days
from apps.signals.services.imports import (
    Counts,
    ImportReport,
    import_bundle,
    rehearse_bundle,
)
from apps.signals.services.ingest import record_batch
from apps.signals.services.record import record_outcomes, record_provider_event
from apps.signals.services.reports import BatchReport
from apps.signals.services.retain import drop_expired
from apps.signals.services.seal import seal_hours

__all__ = [
    "BatchReport",
    "Counts",
    "ImportReport",
    "compact_days",
    "drop_expired",
    "import_bundle",
    "record_batch",
    "record_outcomes",
    "record_provider_event",
    "rehearse_bundle",
    "seal_hours",
]
