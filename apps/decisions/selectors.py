from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet

from apps.decisions.choices import Source
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.policy import Policy, Rule
from apps.features.selectors import feature_names


def published_policy() -> PolicyVersion | None:
    """Return the policy in force, or None before the first was published."""
    published = PolicyVersion.objects.filter(state=PolicyVersion.State.PUBLISHED)
    return published.order_by("-version").first()


def policy_of(row: PolicyVersion) -> Policy:
    """Return a stored policy as the pure object that decides."""
    return Policy(
        version=row.version,
        thresholds=row.thresholds["actions"],
        bands=row.thresholds["bands"],
        rules=tuple(Rule(**rule) for rule in row.rules),
        names=feature_names(),
    )


def decisions_of(account_id: int) -> QuerySet[Decision]:
    """Every decision about an account, newest first."""
    rows = Decision.objects.filter(account_id=account_id)
    return rows.select_related("policy").order_by("-as_of", "-id")


def decision_content(row: Decision) -> dict[str, Any]:
    """Return what the audit log holds of a decision; the note only as a digest."""
    return {
        "id": row.id,
        "account": row.account_id,
        "score": row.score_id,
        "policy": row.policy_id,
        "as_of": row.as_of.isoformat(),
        "action": row.action,
        "band": row.band,
        "source": row.source,
        "matched_rules": list(row.matched_rules),
        "reasons": list(row.reasons),
        "final": row.final,
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "decided_by": row.decided_by,
        "approved_by": row.approved_by,
        "case_id": row.case_id,
        "note_sha256": note_digest(row),
    }


def note_digest(row: Decision) -> str:
    return sha256(f"{row.id}\n{row.note}".encode()).hexdigest() if row.note else ""


def audited_decisions() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield people's decisions; the machine's are audited with their assessment."""
    people = Decision.objects.filter(source=Source.PERSON).order_by("id")
    for row in people.iterator(chunk_size=2000):
        yield row.id, 1, decision_content(row)


def policy_content(row: PolicyVersion) -> dict[str, Any]:
    return {
        "version": row.version,
        "state": row.state,
        "thresholds": row.thresholds,
        "rules": row.rules,
        "sha256": row.sha256,
        "published_at": row.published_at.isoformat() if row.published_at else None,
        "published_by": row.published_by,
    }


def audited_policies() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for row in PolicyVersion.objects.order_by("version").iterator():
        yield str(row.pk), row.row_version, policy_content(row)
