"""Writes of facts: bundles, batches, and the move from hot tables to the lake."""

from apps.signals.services.imports import Counts, ImportReport, import_bundle

__all__ = ["Counts", "ImportReport", "import_bundle"]
