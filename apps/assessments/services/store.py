"""Store what was judged: score, decision, case, frozen assessment and audit entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from apps.assessments.choices import Event
from apps.assessments.models import Assessment
from apps.assessments.selectors import (
    assessment_content,
    current_assessments,
    facts_digest,
)
from apps.assessments.services.occasion import Occasion
from apps.assessments.services.snapshot import snapshot_text
from apps.audit import services as audit
from apps.core import canonical
from apps.core.bulk import write_rows
from apps.core.ids import new_id
from apps.decisions import services as decisions
from apps.decisions.models import Decision
from apps.reference import services as reference
from apps.review import services as review
from apps.scoring import services as scoring
from apps.scoring.models import Score

if TYPE_CHECKING:
    from apps.decisions.models import PolicyVersion
    from apps.decisions.policy import Verdict
    from ml.frames import Scored

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Judged:
    """One account's score and verdict, and the reference sets that were missing."""

    scored: "Scored"
    verdict: "Verdict"
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored assessment with the rows that it ties together."""

    assessment: Assessment
    score: Score
    decision: Decision
    judged: Judged


def store(
    *,
    judged: Sequence[Judged],
    accounts: Mapping[str, int],
    facts: Sequence[Mapping[str, Any]],
    policy: "PolicyVersion",
    occasion: Occasion,
) -> list[Stored]:
    """Store at most CHUNK assessments in the caller's transaction; return the new ones.

    `accounts` holds the primary key of each account by its id.
    One account gets an audit entry of its own, several share one that lists the hash
    of each row. An account whose inputs equal those of its current assessment of the
    same moment and event is left as it is.
    """
    drafts = _drafts(judged, accounts, facts, policy, occasion)
    for draft in drafts:
        _add_rows(draft, policy, occasion)
    write_rows([draft.score for draft in drafts])
    write_rows([draft.decision for draft in drafts])
    cases = review.open_cases(
        decisions=[draft.decision for draft in drafts],
        as_of=occasion.as_of,
        at=occasion.at,
    )
    stored = [
        _assessment(draft, cases.get(draft.decision.id), policy, occasion)
        for draft in drafts
    ]
    _record(stored, occasion)
    write_rows([one.assessment for one in stored])
    return stored


@dataclass(slots=True)
class _Draft:
    """What one new assessment is made of, before its rows exist."""

    account: int
    judged: Judged
    facts: Mapping[str, Any]
    digest: str
    references: Mapping[str, str]
    supersedes: str | None
    score: Score = field(init=False)
    decision: Decision = field(init=False)


def _drafts(
    judged: Sequence[Judged],
    accounts: Mapping[str, int],
    facts: Sequence[Mapping[str, Any]],
    policy: "PolicyVersion",
    occasion: Occasion,
) -> list[_Draft]:
    """Keep the accounts whose inputs differ from their current assessment's."""
    versions = reference.versions()
    # whatever happens now happens once; only a pass over a moment can be repeated
    repeatable = occasion.event == Event.SCHEDULED
    current = current_assessments(accounts.values(), occasion) if repeatable else {}
    drafts = []
    for one, known in zip(judged, facts, strict=True):
        account = accounts[one.scored.account_id]
        digest = facts_digest(one.scored, policy, versions)
        old = current.get(account)
        if old is None or old.facts_digest != digest:
            before = old.id if old else None
            drafts.append(_Draft(account, one, known, digest, versions, before))
    return drafts


def _add_rows(draft: _Draft, policy: "PolicyVersion", occasion: Occasion) -> None:
    scored = draft.judged.scored
    [draft.score] = scoring.score_rows(
        scored=[scored],
        accounts=[draft.account],
        as_of=occasion.as_of,
        ids=[new_id("scr", occasion.at)],
    )
    draft.decision = decisions.machine_decision(
        decision_id=new_id("dec", occasion.at),
        account_id=draft.account,
        score_id=draft.score.id,
        policy=policy,
        given=draft.judged.verdict,
        reasons=[reason.code for reason in scored.reasons],
        as_of=occasion.as_of,
    )


def _assessment(
    draft: _Draft,
    case_id: str | None,
    policy: "PolicyVersion",
    occasion: Occasion,
) -> Stored:
    row = Assessment(
        id=new_id("asm", occasion.at),
        account_id=draft.account,
        as_of=occasion.as_of,
        created_at=occasion.at,
        event=occasion.event,
        score=draft.score,
        decision=draft.decision,
        case_id=case_id,
        facts_digest=draft.digest,
        reference_versions=dict(draft.references),
        degraded=bool(draft.judged.missing),
        missing=list(draft.judged.missing),
        supersedes=draft.supersedes,
    )
    row.snapshot = snapshot_text(row, draft.judged.scored, draft.facts, policy)
    return Stored(row, draft.score, draft.decision, draft.judged)


def _record(stored: Sequence[Stored], occasion: Occasion) -> None:
    """Write the audit entry: one of its own, or one for the whole chunk."""
    kind = "assessments.assessment.created"
    if len(stored) == 1:
        [one] = stored
        audit.record(
            kind=kind,
            object_type="assessment",
            object_id=one.assessment.id,
            version=1,
            content=_content(one),
            actor=occasion.actor,
            at=occasion.at,
            request_id=occasion.request_id,
        )
    elif stored:
        chunk = uuid5(NAMESPACE_OID, stored[0].assessment.id)
        for one in stored:
            one.assessment.audit_chunk = chunk
        rows = {one.assessment.id: canonical.digest(_content(one)) for one in stored}
        audit.record_chunk(
            kind=kind,
            object_type="assessment",
            chunk=chunk,
            rows=rows,
            actor=occasion.actor,
            at=occasion.at,
        )


def _content(one: Stored) -> dict[str, Any]:
    return assessment_content(one.assessment, one.score, one.decision)


def chunks(count: int) -> Iterator[slice]:
    """Yield slices of at most CHUNK positions."""
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))
