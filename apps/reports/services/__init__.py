"""Proofs that can be run: the audit log checked, assessments computed again."""

from apps.reports.services.exports import record_export
from apps.reports.services.replaying import Replayed, replay
from apps.reports.services.verification import verify

__all__ = ["Replayed", "record_export", "replay", "verify"]
