"""From a stored assessment to the answer that a signup flow acts on."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from apps.assessments.schemas import AssessmentRequest
from apps.assessments.selectors import model_facts

if TYPE_CHECKING:
    from apps.assessments.services import Stored

INTERVAL_LEVEL = 0.9


def answer(stored: "Stored", request: AssessmentRequest) -> dict[str, Any]:
    """Return the body of 201: what a signup flow acts on, with its reasons."""
    row, scored = stored.assessment, stored.judged.scored
    dry = request.dry_run
    reasons = [
        {
            "code": reason.code,
            "direction": reason.direction,
            "points": round(reason.points, 2),
            "text": reason.text,
            "customer_safe_key": reason.customer_safe_key,
        }
        for reason in scored.reasons
    ]
    return {
        "id": None if dry else row.id,
        "account_id": scored.account_id,
        "created_at": row.created_at,
        "event": row.event,
        "action": stored.decision.action,
        "probability": scored.probability,
        "interval": {"low": scored.low, "high": scored.high, "level": INTERVAL_LEVEL},
        "band": stored.decision.band,
        "reasons": reasons if request.explain else [],
        "customer_message": customer_message(stored.decision.action),
        "matched_rules": list(stored.decision.matched_rules),
        "ring_id": scored.ring.ring_id if scored.ring else None,
        "case_id": None if dry else row.case_id,
        "degraded": row.degraded,
        "missing": row.missing,
        "warnings": list(request.warnings),
        "model": asdict(model_facts(scored.model_id)),
        "policy_version": stored.decision.policy.version,
        "explanation_url": None if dry else f"/v1/assessments/{row.id}/explanation",
    }


_MESSAGES = {
    "challenge": (
        "verification_needed",
        "We need a little more information to activate everything on your account.",
    ),
    "limit": (
        "limits_apply",
        "Your account is active with starting limits. You can ask us to raise them.",
    ),
    "review": (
        "under_review",
        "Your account is active. We are checking its details and may write to you.",
    ),
    "hold": (
        "capacity_on_hold",
        "New capacity is on hold until a person has looked. Tell us about your use.",
    ),
}


def customer_message(action: str) -> dict[str, str] | None:
    """Return the only text that is meant for the customer, or None."""
    found = _MESSAGES.get(action)
    return found and {"key": found[0], "locale": "en", "text": found[1]}
