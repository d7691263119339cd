"""The explanation of one assessment, section by section, as plain values.

Every statement is marked: F a fact that was reported, M a model's output, H a person's
judgement. Equal sources give an equal document.
"""

from typing import Any

from apps.audit.presenters import proof_json
from apps.decisions.choices import SEVERITY
from apps.reports.presenters import words
from apps.reports.presenters.model import model_section
from apps.reports.selectors import Sources
from apps.review.policy import percent
from apps.scoring.selectors import adaptation_of

SCHEMA = 1
LEAST_POINTS = 0.1  # parts smaller than this read as zero


def build(sources: Sources) -> dict[str, Any]:
    """Return the document; its order is the order of reading."""
    model = model_section(sources)
    return {
        "schema": SCHEMA,
        "title": "Explanation of an assessment",
        "control": _control(sources),
        "summary": _summary(sources, model),
        "subject": _subject(sources, model),
        "facts": _facts(sources),
        "model": model,
        "procedure": _procedure(sources),
        "review": _review(sources),
        "linkage": _linkage(sources),
        "integrity": _integrity(sources),
        "limits": words.LIMITS,
        "glossary": _glossary(model),
    }


def _control(sources: Sources) -> dict[str, Any]:
    made, decision = sources.snapshot["assessment"], sources.snapshot["decision"]
    return {
        "assessment_id": made["id"],
        "account_id": sources.account_id,
        "event": made["event"],
        "as_of": made["as_of"],
        "created_at": made["created_at"],
        "supersedes": made["supersedes"],
        "decision_id": decision["id"],
        "action": decision["action"],
        "expires_at": decision["expires_at"],
        "case": sources.case,
        "policy_version": sources.snapshot["policy"]["version"],
        "model_id": sources.model.id,
        "model": f"{sources.model.kind} model, version {sources.model.version}",
        "adaptation": adaptation_of(sources.model.manifest),
        "catalogue": sources.catalogue,
        "snapshot_sha256": sources.sha256,
        "reference": made["reference"],
        "degraded": made["degraded"],
        "missing_reference": made["missing"],
    }


def _summary(sources: Sources, model: dict[str, Any]) -> dict[str, Any]:
    decision = sources.snapshot["decision"]
    action, band = decision["action"], decision["band"]
    lines = [
        (
            f"{words.ACTIONS[action]} This was decided by rule, on what was known at"
            f" {words.moment(sources.snapshot['assessment']['as_of'])}."
        ),
        (
            f"The model puts the probability of confirmed abuse at {model['shown']}"
            f" (band: {band}; likely between {model['interval']['shown']})."
        ),
    ]
    ring = sources.ring or {}
    if ring.get("ring_id"):
        sure = percent(ring["probability"])
        lines.append(
            f"The account stands in a group of accounts that is under one operator with"
            f" probability {sure}."
        )
    if ring.get("company_values"):
        lines.append(
            "The account shares rare values with accounts whose own conduct is"
            " suspicious."
        )
    if decision["expires_at"]:
        until = words.moment(decision["expires_at"])
        lines.append(f"The action ends by itself on {until} unless a person renews it.")
    lines.append(
        f"Steps that people took in its case: {len(sources.human)}."
        if sources.human
        else "No person has judged this assessment yet."
    )
    reasons = sources.snapshot["score"]["reasons"]
    return {
        "lines": lines,
        "reasons": [_reason(one) for one in reasons if one["direction"] == "raises"],
        "against": [_reason(one) for one in reasons if one["direction"] == "lowers"],
    }


def _reason(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": one["code"],
        "family": words.FAMILIES.get(one["family"], one["family"]),
        "text": one["text"],
        "points": one["points"],
        "shown": words.signed(one["points"]),
    }


def _subject(sources: Sources, model: dict[str, Any]) -> dict[str, Any]:
    used = sorted({one["family"] for one in model["contributions"] if one["family"]})
    return {
        "account_id": sources.account_id,
        "kind": sources.snapshot["facts"].get("kind", "not stated"),
        "plan": sources.snapshot["facts"].get("plan", "not stated"),
        "used": [words.FAMILIES.get(family, family) for family in used],
        "not_used": words.NOT_USED,
    }


def _facts(sources: Sources) -> list[dict[str, Any]]:
    """Return what was reported about the account and held at that moment, numbered."""
    facts = sources.snapshot["facts"]
    shown = [name for name in sorted(facts) if name not in words.HIDDEN_FACTS]
    return [
        {
            "number": f"F{at}",
            "name": name,
            "label": name.replace("_", " "),
            "value": words.fact(facts[name]),
            "source": words.SOURCES.get(name, "the provider's account record"),
        }
        for at, name in enumerate(shown, start=1)
    ]


def _procedure(sources: Sources) -> dict[str, Any]:
    policy, decision = sources.snapshot["policy"], sources.snapshot["decision"]
    thresholds = policy["thresholds"]["actions"]
    matched = set(decision["matched_rules"])
    return {
        "steps": words.STEPS,
        "policy_version": policy["version"],
        "policy_sha256": policy["sha256"],
        "thresholds": [
            {"action": action, "from": thresholds[action]}
            for action in sorted(thresholds, key=SEVERITY.__getitem__)
        ],
        "bands": policy["thresholds"]["bands"],
        "rules": [
            {
                "code": rule["code"],
                "text": rule["text"],
                "expression": rule["expression"],
                "effect": f"{rule['effect'].replace('_', ' ')} {rule['action']}",
                "matched": rule["code"] in matched,
            }
            for rule in policy["rules"]
        ],
        "contrast": _contrast(sources, thresholds),
    }


def _contrast(sources: Sources, thresholds: dict[str, float]) -> str:
    """Say what would have led to another outcome, from the thresholds alone."""
    probability = sources.snapshot["score"]["probability"]
    below = [name for name, bound in thresholds.items() if bound <= probability]
    above = [name for name, bound in thresholds.items() if bound > probability]
    parts = []
    if below:
        name = max(below, key=thresholds.__getitem__)
        parts.append(f"below {thresholds[name]:.0%} it would not have led to {name}")
    if above:
        name = min(above, key=thresholds.__getitem__)
        parts.append(f"from {thresholds[name]:.0%} it would have led to {name}")
    return f"By its probability alone: {'; '.join(parts)}." if parts else ""


def _review(sources: Sources) -> list[dict[str, Any]]:
    return [
        {
            "at": step.at.isoformat(),
            "shown_at": words.moment(step.at.isoformat()),
            "who": step.who,
            "role": step.role,
            "what": step.what,
            "detail": step.detail,
        }
        for step in sources.human
    ]


def _linkage(sources: Sources) -> dict[str, Any] | None:
    ring = sources.ring
    if ring is None:
        return None
    return {
        "ring_id": ring["ring_id"],
        "size": ring.get("size"),
        "probability": ring["probability"],
        "shown": percent(ring["probability"]),
        "agreement": ring["agreement"],
        "level": ring["level"],
        "views": ring["views"],
        "shared": _shared(ring.get("evidence", {}).get("values", [])),
        "company": _shared(ring.get("company_values", [])),
    }


def _shared(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell how many share a value. Other customers' values stay out: never which."""
    return [
        {
            "kind": words.SHARED.get(one["kind"], one["kind"]),
            "view": one["view"],
            "members": one.get("members"),
            "elsewhere": one["elsewhere"],
            "points": one["points"],
        }
        for one in values[:12]
        if one["points"] >= words.LEAST_SHOWN
    ]


def _integrity(sources: Sources) -> dict[str, Any]:
    proof = sources.proof
    return {
        "snapshot_sha256": sources.sha256,
        "model_sha256": sources.snapshot["model"]["sha256"],
        "policy_sha256": sources.snapshot["policy"]["sha256"],
        "entry_id": sources.entry_id,
        "proof": proof_json(proof) if proof else None,
        "commands": words.commands(sources.snapshot["assessment"]["id"]),
    }


def _glossary(model: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Define the words used, and what may mislead in each feature that counted."""
    features = [
        {
            "term": one["label"],
            "name": one["name"],
            "code": one["code"],
            "text": one["misleads"],
        }
        for one in model["contributions"]
        if one["misleads"] and abs(one["points"]) >= LEAST_POINTS
    ]
    return {"terms": words.TERMS, "features": features}
