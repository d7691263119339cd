"""Rings of the newest pass, their members and what holds them together."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from apps.review.choices import BESIDE, State
from apps.review.models import Case
from apps.rings.models import Membership, Ring, RingChange, RingRun
from apps.rings.selectors import changes_of
from apps.scoring.models import Score

MEMBERS = 100
CHANGES = 50  # of a ring's past, the newest
STEPS = (4.0, 8.0, 14.0, 20.0)  # evidence points of one shared value


@dataclass(frozen=True, slots=True)
class RingPage:
    """One ring with one page of members, strongest first."""

    ring: Ring
    levels: dict[str, int]
    members: list[dict[str, Any]]
    kinds: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    changes: list[RingChange]
    case: Case | None
    offset: int


def newest_run() -> RingRun | None:
    return RingRun.objects.order_by("-as_of", "-id").first()


def rings_page(*, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Return one page of the newest pass's rings, the strongest first, and the total.

    Each row also tells how many of its accounts have a case that is not closed.
    """
    run = newest_run()
    rows = Ring.objects.filter(run=run) if run else Ring.objects.none()
    total = rows.count()
    page = list(rows.order_by("-probability", "-size", "pk")[offset : offset + limit])
    ids = [ring.ring_id for ring in page]
    open_cases = dict(
        Case.objects.filter(ring_id__in=ids, account__isnull=False)
        .exclude(state=State.CLOSED)
        .values_list("ring_id")
        .annotate(Count("pk"))
    )
    core = dict(
        Membership.objects.filter(ring__in=page, level="core")
        .values_list("ring_id")
        .annotate(Count("pk"))
    )
    return [
        {
            "ring": ring,
            "cases": open_cases.get(ring.ring_id, 0),
            "core": core.get(ring.pk, 0),
            "strongest": strongest(ring),
        }
        for ring in page
    ], total


def ring_of(ring_id: str) -> Ring | None:
    """Return a ring as the newest pass that found it saw it."""
    rows = Ring.objects.filter(ring_id=ring_id).select_related("run")
    return rows.order_by("-run__as_of", "-pk").first()


def ring_page(ring: Ring, *, offset: int, show_scores: bool) -> RingPage:
    """Return a ring's page; abuse probabilities only where the viewer may see them."""
    rows = Membership.objects.filter(ring=ring).select_related("account")
    levels = rows.aggregate(
        **{name: Count("pk", filter=Q(level=name)) for name in Membership.Level.values}
    )
    page = list(rows.order_by("-agreement", "pk")[offset : offset + MEMBERS])
    accounts = [row.account_id for row in page]
    cases = {
        case.account_id: case
        for case in Case.objects.filter(account_id__in=accounts)
        .exclude(state=State.CLOSED)
        .exclude(lane__in=BESIDE)
    }
    scores = _newest_scores(accounts) if show_scores else {}
    return RingPage(
        ring=ring,
        levels=levels,
        members=[
            {
                "row": row,
                "case": cases.get(row.account_id),
                "score": scores.get(row.account_id),
            }
            for row in page
        ],
        kinds=held_by_kind(ring),
        evidence=values_of(ring),
        changes=list(changes_of(ring.ring_id)[:CHANGES]),
        case=Case.objects.filter(ring_id=ring.ring_id, account__isnull=True)
        .exclude(state=State.CLOSED)
        .first(),
        offset=offset,
    )


def values_of(ring: Ring) -> list[dict[str, Any]]:
    """Return the shared values that hold a ring together, strongest first."""
    stored = ring.evidence
    values = stored.get("values", []) if isinstance(stored, dict) else stored
    return sorted(values, key=lambda one: -float(one.get("points") or 0))


def held_by_kind(ring: Ring) -> list[dict[str, Any]]:
    """Return what holds a ring together, one row a kind of value, strongest first."""
    found: dict[str, dict[str, Any]] = {}
    for one in values_of(ring):
        row = found.setdefault(
            one["kind"], {**one, "values": 0, "steps": _steps(float(one["points"]))}
        )
        row["values"] += 1
        row["members"] = max(row["members"], one["members"])
        row["elsewhere"] = max(row["elsewhere"], one["elsewhere"])
    return list(found.values())


def _steps(points: float) -> int:
    """Return 1 to 5 for the strength of a link."""
    return 1 + sum(points >= bound for bound in STEPS)


def strongest(ring: Ring) -> dict[str, Any] | None:
    values = values_of(ring)
    return values[0] if values else None


def _newest_scores(accounts: list[int]) -> dict[int, float]:
    rows = Score.objects.filter(account_id__in=accounts)
    newest = rows.order_by("account_id", "-as_of", "-id").distinct("account_id")
    return dict(newest.values_list("account_id", "probability"))
