"""Writes of review: opening, taking, judging, approving; each audited."""

from apps.review.services.approving import approve, give_opinion
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

__all__ = [
    "LEASE",
    "Conclusion",
    "add_note",
    "approve",
    "decide",
    "extend_lease",
    "give_opinion",
    "open_cases",
    "record_impression",
    "release_case",
    "take_case",
    "take_next",
]
