"""What a report is made of: the frozen snapshot, and what later happened to it."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from apps.assessments.models import Assessment
from apps.assessments.selectors import assessment_of
from apps.audit import selectors as audit
from apps.reports.errors import EvidenceFirstError, NothingAssessedError
from apps.review.choices import Lane, State
from apps.review.models import Case, Disposition
from apps.review.selectors.case import case_view
from apps.rings.models import Ring
from apps.rings.selectors import association_of
from apps.scoring.selectors import model_by_id

if TYPE_CHECKING:
    from apps.access.models import User
    from apps.audit.models import Entry
    from apps.scoring.models import ModelVersion


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a report says about a model; its manifest never changes."""

    id: str
    kind: str
    version: int
    cutoff: str
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Human:
    """One step that a person took in the case of this assessment."""

    at: datetime
    who: str
    role: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that one report shows; presenters only arrange it."""

    account_id: str
    snapshot_text: str
    snapshot: dict[str, Any]
    catalogue: str
    model: ModelCard
    ring: dict[str, Any] | None = None
    human: tuple[Human, ...] = ()
    entry_id: str | None = None
    proof: audit.Proof | None = None
    case: str = ""
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        digest = sha256(self.snapshot_text.encode()).hexdigest()
        object.__setattr__(self, "sha256", digest)


def sources_of(assessment_id: str) -> Sources:
    """Return the material of one assessment's report; raises NoAssessmentError."""
    row = assessment_of(assessment_id)
    snapshot = json.loads(row.snapshot)
    entry = audit.first_entry(
        object_type="assessment", object_id=row.id, chunk=row.audit_chunk
    )
    case = Case.objects.filter(pk=row.case_id).first() if row.case_id else None
    return Sources(
        account_id=row.account.account_id,
        snapshot_text=row.snapshot,
        snapshot=snapshot,
        catalogue=row.score.catalogue,
        model=_model(model_by_id(row.score.model_id)),
        ring=_ring(snapshot["score"]["ring"], row),
        human=tuple(_human(case)) if case else (),
        entry_id=str(entry.pk) if entry else None,
        proof=_proof(entry),
        case=case.reference if case else "",
    )


def newest_of(*, account_id: str, as_of: datetime) -> str:
    """Return the id of the newest assessment of an account up to a moment."""
    rows = Assessment.objects.filter(account__account_id=account_id, as_of__lte=as_of)
    newest = rows.order_by("-as_of", "-created_at", "-id").values_list("id", flat=True)
    found = newest.first()
    if found is None:
        raise NothingAssessedError(
            "This account has no assessment as of that moment; run assess first."
        )
    return found


def check_may_read(*, assessment_id: str, user: "User", at: datetime) -> None:
    """Raise EvidenceFirstError where the model's view is closed to this person.

    While a case of the account is open, a reviewer judges the evidence before seeing
    what the model says; a report must not be a way around that.
    """
    row = assessment_of(assessment_id)
    cases = Case.objects.filter(account=row.account).exclude(state=State.CLOSED)
    cases = cases.exclude(lane=Lane.SANCTIONS)  # they are not about the score
    for case_id in cases.values_list("id", flat=True):
        view = case_view(case_id=case_id, user=user, at=at)
        # a random audit is blind for who decides it, and no lock for everybody else
        bound = view.mine or view.case.lane != Lane.AUDIT
        if bound and not view.model_open:
            raise EvidenceFirstError(
                "Judge the evidence first; the explanation opens with the model's view"
                " of the open case."
            )


def _model(row: "ModelVersion") -> ModelCard:
    cutoff = str(row.manifest.get("cutoff", row.as_of.isoformat()))
    return ModelCard(row.id, row.kind, row.version, cutoff, row.manifest)


def _ring(part: dict[str, Any] | None, row: Assessment) -> dict[str, Any] | None:
    """Return the ring and the company as the pass saw them that was joined.

    Passes that were made after the assessment change nothing of its report.
    """
    if part is None:
        return None
    if part["ring_id"] is None:
        return {**part, "company_values": _company(row)}
    company = {"company_values": _company(row)} if part.get("company") else {}
    rings = Ring.objects.filter(ring_id=part["ring_id"], run__as_of__lte=row.as_of)
    rings = rings.filter(run__created_at__lte=row.created_at)
    ring = rings.order_by("-run__as_of", "-run_id").first()
    found = {"size": ring.size, "evidence": ring.evidence} if ring else {}
    return {**part, **company, **found}


def _company(row: Assessment) -> list[dict[str, Any]]:
    """Return what an account shares with suspicious others, as values of a ring are."""
    found = association_of(
        account_id=row.account.account_id, as_of=row.as_of, known_at=row.created_at
    )
    values = found.values if found else []
    return [{**one, "elsewhere": one["others"]} for one in values]


def _human(case: Case) -> list[Human]:
    steps = [_impression(one) for one in case.impressions.select_related("reviewer")]
    said = case.dispositions.select_related("reviewer", "approval__approver")
    for one in said:
        steps.append(_disposition(one))
        approval = getattr(one, "approval", None)
        if approval is not None:
            steps.append(_approval(approval))
    return sorted(steps, key=lambda step: step.at)


def _impression(one: Any) -> Human:
    what = f"First impression: {one.get_leaning_display()}"
    detail = f"Confidence {one.confidence}, before the model's view opened"
    return Human(one.at, _person(one.reviewer), one.reviewer.role, what, detail)


def _disposition(one: Disposition) -> Human:
    seen = "after" if one.model_seen else "without"
    reasons = ", ".join(one.reasons)
    what = f"Concluded: {one.get_answer_display()}"
    detail = f"Reasons {reasons or 'none'}; {seen} seeing the model's view"
    return Human(one.at, _person(one.reviewer), one.reviewer.role, what, detail)


def _approval(one: Any) -> Human:
    what = f"Second person: {one.verdict}"
    detail = "Own answer given before the first one's was shown"
    return Human(one.at, _person(one.approver), one.approver.role, what, detail)


def _person(user: "User") -> str:
    """Name staff by number: a report leaves the house."""
    return f"staff {user.pk}"


def _proof(entry: "Entry | None") -> audit.Proof | None:
    if entry is None:
        return None
    try:
        return audit.proof_of(entry.pk, earliest=True)
    except audit.NotSequencedError:
        return None
