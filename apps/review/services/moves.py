"""How a case changes state: locked, checked against the table, versioned, audited."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.review import policy
from apps.review.choices import LeaseEnd, State
from apps.review.errors import CaseNotFoundError, StaleLeaseError
from apps.review.models import Case, Lease
from apps.review.services.log import person, record_case

if TYPE_CHECKING:
    from apps.access.models import User
    from apps.audit.services import Actor


def locked_case(case_id: str) -> Case:
    """Return the case, its row locked until the transaction ends."""
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise CaseNotFoundError("There is no such case.")
    return case


def held_case(*, case_id: str, token: UUID, user: "User", at: datetime) -> Case:
    """Return the locked case that `user` holds under `token`.

    Raises StaleLeaseError where the token is not that of the case's open lease, or
    its time is over: somebody else may have written since.
    """
    case = locked_case(case_id)
    lease = Lease.objects.filter(case=case, ended_at__isnull=True).first()
    if lease is None or lease.token != token or lease.holder_id != user.pk:
        raise StaleLeaseError("You no longer hold this case; nothing was changed.")
    if lease.expires_at <= at:
        raise StaleLeaseError("Your lease has ended; nothing was changed.")
    return case


def move(
    case: Case, state: State, *, kind: str, actor: "Actor", at: datetime, **also: Any
) -> None:
    """Move a locked case along the table and record it as `review.case.<kind>`."""
    policy.check_move(case.state, state)
    changed = {"waiting_for": "", "waiting_until": None} | also
    case.state = state
    case.closed_at = at if state == State.CLOSED else None
    for name, value in changed.items():
        setattr(case, name, value)
    case.row_version += 1
    names = ("state", "closed_at", "row_version", *changed)
    Case.objects.filter(pk=case.pk).update(**{n: getattr(case, n) for n in names})
    record_case(case, kind, actor=actor, at=at)
    if state == State.CLOSED and case.ring_case_id:
        _close_ring(case.ring_case_id, actor=actor, at=at)


def _close_ring(case_id: str, *, actor: "Actor", at: datetime) -> None:
    """Close a ring's case with the last of its accounts."""
    ring = locked_case(case_id)
    if ring.state != State.CLOSED and not _open_members(ring):
        move(ring, State.CLOSED, kind="closed", actor=actor, at=at)


def _open_members(ring: Case) -> bool:
    return Case.objects.filter(ring_case=ring).exclude(state=State.CLOSED).exists()


def end_lease(case: Case, *, why: LeaseEnd, at: datetime) -> None:
    Lease.objects.filter(case=case, ended_at__isnull=True).update(
        ended_at=at, ended_by=why
    )


def finish(
    case: Case, state: State, *, kind: str, user: "User", at: datetime, **also: Any
) -> None:
    """Move a held case on and end its lease."""
    move(case, state, kind=kind, actor=person(user), at=at, **also)
    end_lease(case, why=LeaseEnd.FINISHED, at=at)
