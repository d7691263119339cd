"""Every change of a case and every word said about it, into the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.review.models import Case
from apps.review.selectors.audited import case_content

if TYPE_CHECKING:
    from apps.access.models import User

SYSTEM = Actor("system", "review")


def person(user: "User") -> Actor:
    return Actor("user", str(user.pk))


def record_case(case: Case, kind: str, *, actor: Actor, at: datetime) -> None:
    """Record the present version of a case as `review.case.<kind>`."""
    audit.record(
        kind=f"review.case.{kind}",
        object_type="case",
        object_id=case.id,
        version=case.row_version,
        content=case_content(case),
        actor=actor,
        at=at,
    )


def record_cases(cases: Sequence[Case], kind: str, *, at: datetime) -> None:
    """Record many cases at once, as the system."""
    audit.record_many(
        audit.Record(
            kind=f"review.case.{kind}",
            object_type="case",
            object_id=case.id,
            version=case.row_version,
            content=case_content(case),
            actor=SYSTEM,
            at=at,
        )
        for case in cases
    )


def record_said(
    kind: str,
    object_type: str,
    row_id: str,
    content: dict[str, Any],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Record an append-only row of review: an impression, a note, an approval."""
    audit.record(
        kind=kind,
        object_type=object_type,
        object_id=row_id,
        version=1,
        content=content,
        actor=actor,
        at=at,
    )
