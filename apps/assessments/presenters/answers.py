"""From a stored assessment to the answer that a signup flow acts on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from apps.assessments.models import Assessment
from apps.assessments.schemas import AssessmentRequest
from apps.assessments.selectors import model_facts
from apps.decisions.models import Decision
from apps.scoring.models import Score

if TYPE_CHECKING:
    from apps.assessments.services import Stored

INTERVAL_LEVEL = 0.9


def answer(stored: "Stored", request: AssessmentRequest) -> dict[str, Any]:
    """Return the body of 201: what a signup flow acts on, with its reasons."""
    body = _answer(
        stored.assessment,
        stored.score,
        stored.decision,
        stored.judged.scored.account_id,
    )
    if not request.explain:
        body["reasons"] = []
    if request.dry_run:
        body |= {"id": None, "case_id": None, "explanation_url": None}
    return body | {"warnings": list(request.warnings)}


def stored_answer(row: Assessment) -> dict[str, Any]:
    """Return a stored assessment; its score, decision and account are loaded."""
    return _answer(row, row.score, row.decision, row.account.account_id)


def _answer(
    row: Assessment, score: Score, decision: Decision, account_id: str
) -> dict[str, Any]:
    return {
        "id": row.id,
        "account_id": account_id,
        "created_at": row.created_at,
        "event": row.event,
        "action": decision.action,
        "probability": score.probability,
        "interval": {"low": score.low, "high": score.high, "level": INTERVAL_LEVEL},
        "band": decision.band,
        "reasons": [_reason(reason) for reason in score.reasons],
        "customer_message": customer_message(decision.action),
        "matched_rules": list(decision.matched_rules),
        "ring_id": score.ring_id,
        "case_id": row.case_id,
        "degraded": row.degraded,
        "missing": row.missing,
        "model": to_builtins(model_facts(score.model_id)),
        "policy_version": decision.policy.version,
        "explanation_url": f"/v1/assessments/{row.id}/explanation",
    }


def _reason(reason: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a caller may know of a reason; points to two decimals."""
    told = {name: reason[name] for name in ("code", "direction", "text")}
    safe = reason["customer_safe_key"]
    return told | {"points": round(reason["points"], 2), "customer_safe_key": safe}


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
