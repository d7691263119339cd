"""What a person does to a case; every answer is a redirect back to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.access.permissions import StaffRequest, page
from apps.core.errors import DomainError, InvalidError
from apps.review import policy, services
from apps.review.choices import Answer, Verdict
from apps.review.forms import (
    ApprovalForm,
    DecisionForm,
    ImpressionForm,
    LeaseForm,
    NoteForm,
    OpinionForm,
)
from apps.review.presenters.notice import effects, notice_text
from apps.review.selectors.case import CaseView, case_view
from apps.review.views.case import case_context

View = Callable[..., HttpResponse]


def explained(view: View) -> View:
    """Answer a refused write with the case page, the reason on top, and its status.

    Nothing was written, and what was typed stays in the form.
    """

    @wraps(view)
    def answered(request: StaffRequest, case_id: str) -> HttpResponse:
        try:
            return view(request, case_id)
        except DomainError as error:
            if error.status in {403, 404}:
                raise
            return _refused(request, case_id, error)

    return answered


@require_POST
@page("analyst", "lead")
@explained
def take(request: StaffRequest, case_id: str) -> HttpResponse:
    services.take_case(case_id=case_id, user=request.user, at=datetime.now(UTC))
    return _back(case_id)


@require_POST
@page("analyst", "lead")
@explained
def extend(request: StaffRequest, case_id: str) -> HttpResponse:
    given = _cleaned(LeaseForm(request.POST))
    services.extend_lease(
        case_id=case_id,
        token=given["lease_token"],
        user=request.user,
        at=datetime.now(UTC),
    )
    return _back(case_id)


@require_POST
@page("analyst", "lead")
@explained
def release(request: StaffRequest, case_id: str) -> HttpResponse:
    given = _cleaned(LeaseForm(request.POST))
    services.release_case(
        case_id=case_id,
        token=given["lease_token"],
        user=request.user,
        at=datetime.now(UTC),
    )
    messages.info(request, "The case is back in the queue.")
    return redirect("/queue")


@require_POST
@page("analyst", "lead")
@explained
def impression(request: StaffRequest, case_id: str) -> HttpResponse:
    given = _cleaned(ImpressionForm(request.POST))
    services.record_impression(
        case_id=case_id,
        token=given["lease_token"],
        user=request.user,
        leaning=given["leaning"],
        confidence=given["confidence"],
        at=datetime.now(UTC),
    )
    return _back(case_id, "#model")


@require_POST
@page("analyst", "lead")
@explained
def sheet(request: StaffRequest, case_id: str) -> HttpResponse:
    """Show what a decision would do before it is submitted; writes nothing."""
    at = datetime.now(UTC)
    given = _cleaned(DecisionForm(request.POST))
    policy.check_disposition(
        answer=given["answer"], reasons=given["reasons"], note=given["note"]
    )
    view = case_view(case_id=case_id, user=request.user, at=at)
    context = {
        "case": view.case,
        "given": given,
        "answer": Answer(given["answer"]),
        "chosen": [policy.known_reason(code) for code in given["reasons"]],
        "effects": effects(given["answer"]),
        "tier": policy.notice_tier(given["reasons"]),
        "notice": notice_text(
            answer=given["answer"],
            reasons=given["reasons"],
            reference=view.case.reference,
            at=at,
        ),
        "switched": _switched(view, given["answer"]),
    }
    part = "#sheet" if request.headers.get("HX-Request") else ""
    return render(request, f"review/sheet.html{part}", context)


@require_POST
@page("analyst", "lead")
@explained
def decide(request: StaffRequest, case_id: str) -> HttpResponse:
    given = _cleaned(DecisionForm(request.POST))
    answer = Answer(given["answer"])
    row = services.decide(
        case_id=case_id,
        token=given["lease_token"],
        user=request.user,
        made=services.Conclusion(
            answer=answer,
            reasons=given["reasons"],
            note=given["note"],
            changed_mind=given["changed_mind"],
        ),
        at=datetime.now(UTC),
    )
    waits = " It waits for a lead." if answer in policy.NEEDS_APPROVAL else ""
    messages.success(request, f"{row.case.reference}: {answer.label}.{waits}")
    return redirect("/queue")


@require_POST
@page("analyst", "lead")
@explained
def note(request: StaffRequest, case_id: str) -> HttpResponse:
    given = _cleaned(NoteForm(request.POST))
    services.add_note(
        case_id=case_id, user=request.user, text=given["text"], at=datetime.now(UTC)
    )
    return _back(case_id, "#notes")


@require_POST
@page("lead")
@explained
def opinion(request: StaffRequest, case_id: str) -> HttpResponse:
    given = _cleaned(OpinionForm(request.POST))
    services.give_opinion(
        case_id=case_id,
        user=request.user,
        answer=Answer(given["answer"]),
        at=datetime.now(UTC),
    )
    return _back(case_id)


@require_POST
@page("lead")
@explained
def approve(request: StaffRequest, case_id: str) -> HttpResponse:
    given = _cleaned(ApprovalForm(request.POST))
    services.approve(
        case_id=case_id,
        user=request.user,
        verdict=Verdict(given["verdict"]),
        note=given["note"],
        at=datetime.now(UTC),
    )
    messages.success(request, f"The proposal is {given['verdict']}.")
    return redirect("/queue?lane=approval")


def _back(case_id: str, part: str = "") -> HttpResponse:
    response = redirect(f"/cases/{case_id}{part}")
    response.status_code = 303
    return response


def _cleaned(form: forms.Form) -> dict[str, Any]:
    """Return the clean values, or raise InvalidError that names fields, not values."""
    if form.is_valid():
        return form.cleaned_data
    said = [f"{name}: {text[0]}" for name, text in form.errors.items()]
    raise InvalidError(" ".join(said))


def _switched(view: CaseView, answer: str) -> bool:
    """Whether to ask what changed the reviewer's mind towards the model."""
    if not (view.model_open and view.impression and view.score):
        return False
    return policy.switched_to_model(
        answer=answer,
        leaning=view.impression.leaning,
        probability=view.score.probability,
    )


def _refused(request: StaffRequest, case_id: str, error: DomainError) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "review/sheet.html#problem", {"refused": error})
    at = datetime.now(UTC)
    view = case_view(case_id=case_id, user=request.user, at=at)
    context = case_context(view, role=request.user.role, at=at)
    context |= {"refused": error, "typed": request.POST}
    context["typed_reasons"] = request.POST.getlist("reasons")
    return render(request, "review/case.html", context, status=error.status)
