"""Feature snapshots, and the sums of whole days that make them cheap."""

from apps.features.services.snapshots import (
    ask_snapshot_now,
    compute_signals,
    take_snapshots,
)

__all__ = ["ask_snapshot_now", "compute_signals", "take_snapshots"]
