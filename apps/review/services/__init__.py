"""Writes of review: opening, taking, judging, approving; each audited."""

from apps.review.services.approving import approve, give_opinion
from apps.review.services.audits import draw_audits
from apps.review.services.leases import (
    LEASE,
    extend_lease,
    release_case,
    take_case,
    take_next,
)
from apps.review.services.opening import open_cases
from apps.review.services.reviewing import (
    Conclusion,
    add_note,
    decide,
    record_impression,
)
from apps.review.services.screening import ScreeningReport, screen_names

__all__ = [
    "LEASE",
    "Conclusion",
    "ScreeningReport",
    "add_note",
    "approve",
    "decide",
    "draw_audits",
    "extend_lease",
    "give_opinion",
    "open_cases",
    "record_impression",
    "release_case",
    "screen_names",
    "take_case",
    "take_next",
]
