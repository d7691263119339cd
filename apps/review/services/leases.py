"""Taking, keeping and giving back cases; two people never hold the same one."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import transaction

from apps.review import policy
from apps.review.choices import LeaseEnd, State
from apps.review.errors import CaseRoleError, CaseTakenError
from apps.review.models import Case, Lease
from apps.review.selectors.queue import live_leases, takeable
from apps.review.services.log import person
from apps.review.services.moves import end_lease, held_case, locked_case, move

if TYPE_CHECKING:
    from apps.access.models import User

LEASE = timedelta(minutes=15)
MAX_HELD = 3


@transaction.atomic
def take_next(
    *, user: "User", at: datetime, lane: str = "", ring_case: str = ""
) -> Lease | None:
    """Lease the case with the highest rank that nobody holds; None if none is left.

    `lane` and `ring_case` narrow the choice to one lane or to one ring's accounts.

    The row is locked with SKIP LOCKED, so that parallel calls take different cases.
    Somebody who already holds the most cases allowed gets their own oldest one.
    """
    own = _own_leases(user, at)
    if len(own) >= MAX_HELD:
        return own[0]
    waiting = takeable(user=user, at=at, lane=lane, ring_case=ring_case)
    waiting = waiting.order_by("-rank", "id")
    free = waiting.select_for_update(skip_locked=True, of=("self",))
    while (case := free.first()) is not None:
        # A lease that was committed since that statement began is hidden from it, and
        # the row is unlocked again: only a new statement sees whose case this is.
        if not live_leases(at).filter(case=case).exists():
            return _lease(case, user=user, at=at)
    return None


@transaction.atomic
def take_case(*, case_id: str, user: "User", at: datetime) -> Lease:
    """Lease one named case; the holder's own open lease is simply returned.

    Raises CaseTakenError while somebody else holds it.
    """
    case = locked_case(case_id)
    held = Lease.objects.filter(case=case, ended_at__isnull=True).first()
    if held and held.expires_at > at:
        if held.holder_id == user.pk:
            return held
        raise CaseTakenError("Somebody else is working on this case.")
    return _lease(case, user=user, at=at)


@transaction.atomic
def extend_lease(*, case_id: str, token: UUID, user: "User", at: datetime) -> Lease:
    """Start the fifteen minutes anew; raises StaleLeaseError as every write does."""
    case = held_case(case_id=case_id, token=token, user=user, at=at)
    lease = Lease.objects.get(token=token, case=case)
    lease.expires_at = at + LEASE
    lease.save(update_fields=["expires_at"])
    return lease


@transaction.atomic
def release_case(*, case_id: str, token: UUID, user: "User", at: datetime) -> Case:
    """Give a case back to the queue undecided."""
    case = held_case(case_id=case_id, token=token, user=user, at=at)
    move(case, State.OPEN, kind="released", actor=person(user), at=at)
    end_lease(case, why=LeaseEnd.RELEASED, at=at)
    return case


def _lease(case: Case, *, user: "User", at: datetime) -> Lease:
    if not policy.may_take(
        role=user.role,
        lane=case.lane,
        state=case.state,
        waiting_for=case.waiting_for,
    ):
        raise CaseRoleError("Your role does not work on this case.")
    end_lease(case, why=LeaseEnd.EXPIRED, at=at)
    move(case, State.CLAIMED, kind="claimed", actor=person(user), at=at)
    return Lease.objects.create(
        token=uuid4(), case=case, holder=user, taken_at=at, expires_at=at + LEASE
    )


def _own_leases(user: "User", at: datetime) -> list[Lease]:
    own = Lease.objects.filter(holder=user, ended_at__isnull=True, expires_at__gt=at)
    return list(own.order_by("taken_at"))
