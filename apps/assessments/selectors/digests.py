"""Hashes of what goes in and of what is stored; equal content gives equal bytes."""

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from apps.assessments.models import Assessment
from apps.decisions.models import Decision
from apps.scoring.models import Score

if TYPE_CHECKING:
    from apps.decisions.models import PolicyVersion
    from ml.frames import RingPart, Scored

# sorted keys and shortest round-trip floats
_encode = msgspec.json.Encoder(order="deterministic").encode


def deterministic(content: Any) -> bytes:
    """Return JSON bytes that equal content always gets; NaN becomes null."""
    return _encode(content)


def facts_digest(
    scored: "Scored", policy: "PolicyVersion", versions: Mapping[str, str]
) -> str:
    """Return the hash of all inputs of one assessment: what makes a repeat a repeat."""
    ring = scored.ring
    inputs = [
        scored.model_id,
        policy.sha256,
        dict(versions),
        scored.names,
        [value.hex() for value in scored.features],
        ring and [ring.ring_id, *map(float.hex, _numbers_of(ring))],
    ]
    return sha256(deterministic(inputs)).hexdigest()


def _numbers_of(ring: "RingPart") -> tuple[float, ...]:
    """Return what of a ring moves the score; company is named where there is some."""
    company = (ring.company,) if ring.company else ()
    return ring.probability, ring.agreement, *company


def assessment_content(row: Assessment, score: Score, made: Decision) -> dict[str, Any]:
    """Return the audited content of an assessment, its score and its decision.

    Floats go in as hexadecimal, so that the log holds every bit of them.
    """
    return {
        "id": row.id,
        "account": row.account_id,
        "as_of": row.as_of.isoformat(),
        "created_at": row.created_at.isoformat(),
        "event": row.event,
        "case_id": row.case_id,
        "facts_digest": row.facts_digest,
        "reference": row.reference_versions,
        "degraded": row.degraded,
        "missing": row.missing,
        "supersedes": row.supersedes,
        "chunk": str(row.audit_chunk) if row.audit_chunk else None,
        "snapshot_sha256": sha256(row.snapshot.encode()).hexdigest(),
        "score": _score_content(score),
        "decision": _decision_content(made),
    }


def _score_content(score: Score) -> dict[str, Any]:
    single = ("margin", "own_probability", "low", "high", "probability")
    ring = ("ring_probability", "agreement")
    return {
        "id": score.id,
        "account": score.account_id,
        "model": score.model_id,
        "as_of": score.as_of.isoformat(),
        "catalogue": score.catalogue,
        "features": [value.hex() for value in score.features],
        "contributions": [value.hex() for value in score.contributions],
        "ring_id": score.ring_id,
        "reasons_sha256": sha256(deterministic(score.reasons)).hexdigest(),
        **{name: getattr(score, name).hex() for name in single},
        **{name: _hex(getattr(score, name)) for name in ring},
        # entries from before company was kept don't name it
        **({} if score.company is None else {"company": score.company.hex()}),
    }


def _decision_content(made: Decision) -> dict[str, Any]:
    return {
        "id": made.id,
        "account": made.account_id,
        "score": made.score_id,
        "policy": made.policy_id,
        "as_of": made.as_of.isoformat(),
        "action": made.action,
        "band": made.band,
        "source": made.source,
        "matched_rules": list(made.matched_rules),
        "reasons": list(made.reasons),
        "expires_at": made.expires_at.isoformat() if made.expires_at else None,
    }


def _hex(value: float | None) -> str | None:
    return None if value is None else value.hex()
