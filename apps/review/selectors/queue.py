"""What waits, who holds it, and in which order."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from apps.access.choices import Role
from apps.review.choices import Lane, State, WaitingFor
from apps.review.models import Case, Impression, Lease

if TYPE_CHECKING:
    from apps.access.models import User

SORTS = {
    "rank": ("-rank", "id"),
    "oldest": ("opened_at", "id"),
    "newest": ("-opened_at", "-id"),
    "stake": ("-expected_harm", "-friction", "id"),
}


def live_leases(at: datetime) -> QuerySet[Lease]:
    return Lease.objects.filter(ended_at__isnull=True, expires_at__gt=at)


def takeable(
    *, user: "User", at: datetime, lane: str = "", ring_case: str = ""
) -> QuerySet[Case]:
    """Return cases that nobody holds and that this person may work on.

    A claimed case whose lease has ended is free again; so is a parked one whose time
    has come. A ring's own case is never taken: its accounts' cases are.
    """
    held = Exists(live_leases(at).filter(case=OuterRef("pk")))
    if user.role == Role.LEAD:
        rows = Case.objects.filter(state=State.WAITING, waiting_for=WaitingFor.LEAD)
        return rows.filter(~held)
    due = Q(state=State.WAITING, waiting_until__lte=at) & ~Q(
        waiting_for=WaitingFor.LEAD
    )
    free = Q(state=State.OPEN) | (Q(state=State.CLAIMED) & ~held) | due
    wanted = {"lane": lane, "ring_case": ring_case}
    rows = Case.objects.filter(free).exclude(lane=Lane.RING)
    return rows.filter(**{name: value for name, value in wanted.items() if value})


def held_by(*, user: "User", at: datetime) -> QuerySet[Lease]:
    """Return a person's live leases with their cases, oldest first."""
    rows = live_leases(at).filter(holder=user)
    return rows.select_related("case__account").order_by("taken_at")


def parked() -> QuerySet[Case]:
    """Return cases that wait for somebody or something, the soonest first."""
    rows = Case.objects.filter(state=State.WAITING).select_related("account")
    return rows.order_by("waiting_until", "id")


def lane_counts() -> dict[str, Any]:
    """Return counts for each lane and state, and the oldest open case's time."""
    working = Q(state__in=[State.OPEN, State.CLAIMED])
    return Case.objects.exclude(state=State.CLOSED).aggregate(
        harm=Count("pk", filter=working & Q(lane=Lane.HARM)),
        waiting=Count("pk", filter=working & Q(lane=Lane.WAITING)),
        ring=Count("pk", filter=working & Q(lane=Lane.RING)),
        sanctions=Count("pk", filter=working & Q(lane=Lane.SANCTIONS)),
        audit=Count("pk", filter=working & Q(lane=Lane.AUDIT)),
        parked=Count("pk", filter=Q(state=State.WAITING)),
        approval=Count("pk", filter=Q(state=State.APPROVAL)),
        oldest=Min("opened_at", filter=working),
    )


def listed(*, lane: str, plan: str = "", sort: str = "rank") -> QuerySet[Case]:
    """Return the lead's table for one lane; `sort` is a key of SORTS."""
    rows = Case.objects.select_related("account", "decision")
    if lane == "parked":
        rows = rows.filter(state=State.WAITING)
    elif lane == "approval":
        rows = rows.filter(state=State.APPROVAL)
    else:
        rows = rows.filter(state__in=[State.OPEN, State.CLAIMED])
        rows = rows.filter(lane=lane) if lane else rows
    if plan:
        rows = rows.filter(account__versions__plan=plan).distinct()
    return rows.order_by(*SORTS.get(sort, SORTS["rank"]))


def holders(case_ids: list[str], at: datetime) -> dict[str, Lease]:
    """Return case -> live lease, for the cases of one page."""
    rows = live_leases(at).filter(case_id__in=case_ids).select_related("holder")
    return {lease.case_id: lease for lease in rows}


def judged_by(user: "User", case: Case) -> tuple[bool, bool]:
    """Return whether this person, and whether anybody, recorded a first impression."""
    reviewers = set(
        Impression.objects.filter(case=case).values_list("reviewer_id", flat=True)
    )
    return user.pk in reviewers, bool(reviewers)
