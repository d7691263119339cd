"""Pure rules of review: moves of a case, the order of the queue, who may, words."""

from apps.review.policy.people import (
    APPROVER_ROLES,
    NEEDS_APPROVAL,
    check_disposition,
    check_second_person,
    may_see_model,
    may_take,
    switched_to_model,
)
from apps.review.policy.queue import (
    AUDIT_DAYS,
    AUDIT_RANK,
    MINUTES,
    Stakes,
    audits_due,
    band_level,
    lane_for,
    mode_for,
    rank,
    reference,
    sanctions_stakes,
    stake_level,
    stakes_for,
)
from apps.review.policy.reasons import REASONS, HumanReason, known_reason, notice_tier
from apps.review.policy.states import NEXT, after, check_move
from apps.review.policy.words import compact, duration, network_of, percent

__all__ = [
    "APPROVER_ROLES",
    "AUDIT_DAYS",
    "AUDIT_RANK",
    "MINUTES",
    "NEEDS_APPROVAL",
    "NEXT",
    "REASONS",
    "HumanReason",
    "Stakes",
    "after",
    "audits_due",
    "band_level",
    "check_disposition",
    "check_move",
    "check_second_person",
    "compact",
    "duration",
    "known_reason",
    "lane_for",
    "may_see_model",
    "may_take",
    "mode_for",
    "network_of",
    "notice_tier",
    "percent",
    "rank",
    "reference",
    "sanctions_stakes",
    "stake_level",
    "stakes_for",
    "switched_to_model",
]
