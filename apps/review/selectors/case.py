"""A case with everything around it, for the person who looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet

from apps.audit.selectors import history_of_all
from apps.customers.models import Account
from apps.decisions.choices import Source
from apps.decisions.models import Decision
from apps.review import policy
from apps.review.choices import State
from apps.review.errors import CaseNotFoundError
from apps.review.models import (
    Approval,
    Case,
    CaseUpdate,
    Disposition,
    Impression,
    Lease,
    Note,
    Opinion,
)
from apps.review.selectors.queue import live_leases
from apps.scoring.models import Score

if TYPE_CHECKING:
    from apps.access.models import User
    from apps.audit.models import Entry


_NEWS: Final = 5
_UPDATES_READ: Final = 50  # a case that is left open for weeks hears much again


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case as one person may see it: what is not theirs to see is not here."""

    case: Case
    lease: Lease | None
    mine: bool
    impression: Impression | None
    model_open: bool
    score: Score | None
    dispositions: tuple[Disposition, ...]
    opinion: Opinion | None
    approval: Approval | None
    updates: tuple[CaseUpdate, ...]
    notes: tuple[Note, ...]
    members: tuple[Case, ...]
    earlier: int

    @property
    def proposal(self) -> Disposition | None:
        """The conclusion that waits for a second person."""
        return _proposal(self.case, self.dispositions)


def case_view(*, case_id: str, user: "User", at: datetime) -> CaseView:
    """Return the case for this person; raises CaseNotFoundError."""
    related = ("account", "decision", "ring_case", "draw")
    case = Case.objects.select_related(*related).filter(pk=case_id).first()
    if case is None:
        raise CaseNotFoundError("There is no such case.")
    lease = live_leases(at).filter(case=case).select_related("holder").first()
    impressions = list(Impression.objects.filter(case=case))
    said = list(_said(case))
    opinion = _opinion(_proposal(case, said), user)
    own = next((one for one in impressions if one.reviewer_id == user.pk), None)
    model_open = policy.may_see_model(
        role=user.role,
        state=case.state,
        mode=case.mode,
        judged=opinion is not None if case.state == State.APPROVAL else own is not None,
        anyone_judged=bool(impressions),
    )
    return CaseView(
        case=case,
        lease=lease,
        mine=bool(lease and lease.holder_id == user.pk),
        impression=own,
        model_open=model_open,
        score=_score(case) if model_open else None,
        dispositions=tuple(said),
        opinion=opinion,
        approval=Approval.objects.filter(disposition__case=case)
        .select_related("approver")
        .order_by("-at")
        .first(),
        updates=_news(case),
        notes=tuple(case.notes.select_related("author").order_by("at", "id")),
        members=tuple(_members(case)),
        earlier=_earlier(case.account),
    )


def _news(case: Case) -> tuple[CaseUpdate, ...]:
    """Return the latest updates that say what the case did not say when it opened."""
    said: set[str | None] = set(case.trigger)
    news = []
    for update in case.updates.order_by("-at")[:_UPDATES_READ]:
        first = next(iter(update.trigger), None)
        if first not in said:
            said.add(first)
            news.append(update)
    return tuple(news[:_NEWS])


def trail_of(view: CaseView) -> list["Entry"]:
    """Return the audit entries of a case and of what was said about it, oldest first.

    Entries are shown without their content, so they tell no second person too much.
    """
    said = [one.id for one in view.dispositions]
    objects = {
        "case": [view.case.id],
        "note": [note.id for note in view.notes],
        "impression": list(
            Impression.objects.filter(case=view.case).values_list("pk", flat=True)
        ),
        "disposition": said,
        "opinion": list(
            Opinion.objects.filter(disposition__in=said).values_list("pk", flat=True)
        ),
        "approval": [view.approval.id] if view.approval else [],
    }
    return history_of_all(
        object_types=list(objects),
        object_ids=[one for ids in objects.values() for one in ids],
    )


def _score(case: Case) -> Score | None:
    """Return the score that the case was opened on, or its newest update's."""
    newest = case.updates.order_by("-at").select_related("decision").first()
    decision = newest.decision if newest else case.decision
    if case.draw is not None:
        return (
            Score.objects.select_related("model").filter(pk=case.draw.score_id).first()
        )
    if decision is None or decision.score_id is None:
        return None
    return Score.objects.select_related("model").filter(pk=decision.score_id).first()


def _said(case: Case) -> QuerySet[Disposition]:
    rows = Disposition.objects.filter(case=case).select_related("reviewer")
    return rows.order_by("-at", "-id")


def _proposal(case: Case, said: Sequence[Disposition]) -> Disposition | None:
    if case.state != State.APPROVAL:
        return None
    return next((one for one in said if one.answer in policy.NEEDS_APPROVAL), None)


def _opinion(proposal: Disposition | None, user: "User") -> Opinion | None:
    if proposal is None:
        return None
    return Opinion.objects.filter(approver=user, disposition=proposal).first()


def _members(case: Case) -> QuerySet[Case]:
    rows = Case.objects.filter(ring_case=case).select_related("account")
    return rows.order_by("-rank", "id")[:200]


def _earlier(account: Account | None) -> int:
    """Count what people decided about this account before."""
    if account is None:
        return 0
    return Decision.objects.filter(account=account, source=Source.PERSON).count()
