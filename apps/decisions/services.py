"""Writes of decisions and policies, each audited in its own transaction."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core import canonical
from apps.core.ids import new_id
from apps.decisions.choices import EXPIRES_AFTER_DAYS, FRICTION, Source
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.policy import Policy, Rule, Verdict, check_policy, verdict
from apps.decisions.selectors import (
    decision_content,
    policy_content,
    policy_of,
    published_policy,
)
from apps.features.selectors import feature_names

if TYPE_CHECKING:
    from ml.frames import Scored

STARTER = Path(__file__).with_name("starter.json")
SYSTEM = Actor("system", "decisions")
_POLICY_SECONDS = 1.0
_LOCK = 0x4B59_5043  # advisory lock: one process publishes a policy
_cached: dict[str, tuple[float, PolicyVersion, Policy]] = {}


@dataclass(frozen=True, slots=True)
class PersonDecision:
    """What a person decided about one account, and with whose approval."""

    account_id: int
    action: str
    reasons: tuple[str, ...]
    note: str
    case_id: str
    decided_by: str
    approved_by: str = ""
    final: bool = False
    score_id: str | None = None


def current_policy(*, at: datetime) -> tuple[PolicyVersion, Policy]:
    """Return the policy in force; a new site starts with the shipped starter policy.

    The row is looked up at most once a second in each process.
    """
    held = _cached.get("policy")
    if held and time.monotonic() - held[0] < _POLICY_SECONDS:
        return held[1], held[2]
    row = published_policy()
    if row is None:  # not kept: the caller may yet roll it back
        row = _publish_starter(at)
        return row, policy_of(row)
    policy = policy_of(row)
    _cached["policy"] = (time.monotonic(), row, policy)
    return row, policy


@transaction.atomic
def _publish_starter(at: datetime) -> PolicyVersion:
    _wait_for_publishers()
    return published_policy() or publish_policy(
        **json.loads(STARTER.read_text()), by="starter", at=at
    )


def _wait_for_publishers() -> None:
    # Where no version exists yet there is no row to lock.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


@transaction.atomic
def publish_policy(
    *,
    thresholds: Mapping[str, float],
    bands: Sequence[float],
    rules: Sequence[Mapping[str, str]],
    by: str,
    at: datetime,
) -> PolicyVersion:
    """Check and publish a policy; the one before it retires.

    Raises PolicyError naming the rule where one does not compile against the features.
    """
    _wait_for_publishers()
    latest = PolicyVersion.objects.order_by("-version").first()
    version = latest.version + 1 if latest else 1
    made = tuple(Rule(**rule) for rule in rules)
    check_policy(Policy(version, thresholds, bands, made, feature_names()))
    for old in PolicyVersion.objects.filter(state=PolicyVersion.State.PUBLISHED):
        old.state = PolicyVersion.State.RETIRED
        old.row_version += 1
        old.save(update_fields=["state", "row_version"])
        _audit_policy(old, kind="decisions.policy.retired", by=by, at=at)
    body: dict[str, Any] = {
        "thresholds": {"actions": dict(thresholds), "bands": list(bands)},
        "rules": [dict(rule) for rule in rules],
    }
    row = PolicyVersion.objects.create(
        version=version,
        state=PolicyVersion.State.PUBLISHED,
        sha256=canonical.digest(body),
        created_at=at,
        published_at=at,
        published_by=by,
        **body,
    )
    _audit_policy(row, kind="decisions.policy.published", by=by, at=at)
    transaction.on_commit(_cached.clear)
    return row


def decide(
    *, scored: Sequence["Scored"], policy: Policy, degraded: bool
) -> list[Verdict]:
    """Return the policy's verdict for each account, in order."""
    return [
        verdict(
            policy,
            _values(one),
            degraded=degraded,
            starter=one.adaptation == "starter",
        )
        for one in scored
    ]


def machine_decision(
    *,
    decision_id: str,
    account_id: int,
    score_id: str,
    policy: PolicyVersion,
    given: Verdict,
    reasons: Sequence[str],
    as_of: datetime,
) -> Decision:
    """Return an unsaved Decision; friction by the machine expires after 14 days."""
    expires = as_of + timedelta(days=EXPIRES_AFTER_DAYS)
    return Decision(
        id=decision_id,
        account_id=account_id,
        score_id=score_id,
        policy=policy,
        as_of=as_of,
        action=given.action,
        band=given.band,
        source=Source.MACHINE,
        matched_rules=list(given.matched),
        reasons=list(reasons),
        expires_at=expires if given.action in FRICTION else None,
    )


@transaction.atomic
def record_person_decision(*, made: PersonDecision, at: datetime) -> Decision:
    """Store what a person decided, with its audit entry."""
    policy, _ = current_policy(at=at)
    row = Decision.objects.create(
        id=new_id("dec", at),
        account_id=made.account_id,
        score_id=made.score_id,
        policy=policy,
        as_of=at,
        action=made.action,
        source=Source.PERSON,
        reasons=list(made.reasons),
        final=made.final,
        decided_by=made.decided_by,
        approved_by=made.approved_by,
        case_id=made.case_id,
        note=made.note,
    )
    audit.record(
        kind="decisions.decision.recorded",
        object_type="decision",
        object_id=row.id,
        version=1,
        content=decision_content(row),
        actor=Actor("user", made.decided_by),
        at=at,
    )
    return row


def _values(one: "Scored") -> dict[str, float]:
    """Return what rules may read of one account; absent ring values are zero."""
    ring = one.ring if one.ring and one.ring.ring_id else None  # company is no ring
    values = dict(zip(one.names, one.features, strict=True))
    return values | {
        "probability": one.probability,
        "own_probability": one.own_probability,
        "low": one.low,
        "high": one.high,
        "ring_probability": ring.probability if ring else 0.0,
        "ring_agreement": ring.agreement if ring else 0.0,
        "ring_views": float(len(ring.views)) if ring else 0.0,
    }


def _audit_policy(row: PolicyVersion, *, kind: str, by: str, at: datetime) -> None:
    audit.record(
        kind=kind,
        object_type="policy",
        object_id=str(row.pk),
        version=row.row_version,
        content=policy_content(row),
        actor=SYSTEM if by == "starter" else Actor("user", by),
        at=at,
    )
