"""The frozen snapshot: one text from which page, JSON, PDF and replay all start."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from apps.assessments.models import Assessment
from apps.assessments.selectors import deterministic, model_facts

if TYPE_CHECKING:
    from apps.decisions.models import PolicyVersion
    from ml.frames import Scored

SCHEMA = 1


def snapshot_text(
    row: Assessment,
    scored: "Scored",
    facts: Mapping[str, Any],
    policy: "PolicyVersion",
) -> str:
    """Return everything that led to one decision, as deterministic JSON."""
    decision, model = row.decision, model_facts(scored.model_id)
    content = {
        "schema": SCHEMA,
        "assessment": {
            "id": row.id,
            "event": row.event,
            "as_of": row.as_of,
            "created_at": row.created_at,
            "degraded": row.degraded,
            "missing": row.missing,
            "reference": row.reference_versions,
            "supersedes": row.supersedes,
        },
        "facts": {name: value for name, value in facts.items() if value is not None},
        "features": dict(zip(scored.names, map(_number, scored.features), strict=True)),
        "model": to_builtins(model),
        "score": _score(scored),
        "decision": {
            "id": decision.id,
            "action": decision.action,
            "band": decision.band,
            "matched_rules": decision.matched_rules,
            "expires_at": decision.expires_at,
            "case_id": row.case_id,
        },
        "policy": {
            "version": policy.version,
            "sha256": policy.sha256,
            "thresholds": policy.thresholds,
            "rules": policy.rules,
        },
    }
    return deterministic(content).decode()


def _score(scored: "Scored") -> dict[str, Any]:
    parts = (*scored.names, "base")
    ring = scored.ring
    return {
        "contributions": dict(zip(parts, scored.contributions, strict=True)),
        "margin": scored.margin,
        "own_probability": scored.own_probability,
        "interval": {"low": scored.low, "high": scored.high},
        "probability": scored.probability,
        "ring": None
        if ring is None
        else {
            "ring_id": ring.ring_id,
            "probability": ring.probability,
            "agreement": ring.agreement,
            "level": ring.level,
            "views": list(ring.views),
            "company": ring.company,
        },
        "reasons": [
            {
                "code": reason.code,
                "family": reason.family,
                "direction": reason.direction,
                "points": reason.points,
                "text": reason.text,
                "customer_safe_key": reason.customer_safe_key,
                "features": list(reason.features),
            }
            for reason in scored.reasons
        ],
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
