"""The case page, read-only."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.access.permissions import StaffRequest, page
from apps.features.selectors import feature_labels
from apps.review import policy
from apps.review.choices import Answer, Confidence, Lane, Leaning
from apps.review.forms import RevealForm
from apps.review.presenters import charts
from apps.review.presenters.evidence import KIND_WORDS, rarity, weigh
from apps.review.presenters.keyfacts import key_facts
from apps.review.presenters.model import model_view
from apps.review.selectors.case import CaseView, case_view, trail_of
from apps.review.selectors.facts import (
    CONNECTIONS,
    Facts,
    connections_in_use,
    facts_of,
)
from apps.review.selectors.sanctions import shown_hits
from apps.review.selectors.timeline import timeline
from apps.review.selectors.usage import usage_of


@require_GET
@page("analyst", "lead", "auditor")
def case(request: StaffRequest, case_id: str) -> HttpResponse:
    """Show the evidence, and the model only to those who judged before."""
    at = datetime.now(UTC)
    view = case_view(case_id=case_id, user=request.user, at=at)
    context = case_context(view, role=request.user.role, at=at)
    return render(request, "review/case.html", context)


def case_context(view: CaseView, *, role: str, at: datetime) -> dict[str, Any]:
    """Return what the template needs; also used where a form comes back with errors."""
    found = view.case
    context: dict[str, Any] = {
        "view": view,
        "case": found,
        "now": at,
        "leanings": Leaning.choices,
        "confidences": Confidence.choices,
        "answers": Answer.choices,
        "reasons": policy.REASONS,
        "approver": role in policy.APPROVER_ROLES,
        "may_take": not view.lease
        and policy.may_take(
            role=role,
            lane=found.lane,
            state=found.state,
            waiting_for=found.waiting_for,
        ),
        "entries": trail_of(view),
        "stake": policy.stake_level(found.expected_harm, found.friction),
    }
    if found.lane == Lane.SANCTIONS:
        context["sanctions_hits"] = shown_hits(found)
    if found.account is not None:
        facts = facts_of(found.account, at=at)
        blind = found.lane == Lane.AUDIT and not view.model_open
        context |= account_context(
            facts, earlier=view.earlier, blind=blind, model_open=view.model_open
        )
        context["reveal"] = RevealForm()
    if view.model_open and view.score is not None:
        context["model"] = model_view(view.score, feature_labels())
    return context


def _connections(facts: Facts, *, model_open: bool) -> list[dict[str, Any]]:
    shared = [one for one in facts.connections if one.others][:CONNECTIONS]
    in_use = connections_in_use(facts) if model_open else ()
    return [
        {
            "one": one,
            "name": KIND_WORDS.get(one.kind, one.kind),
            "rarity": rarity(one, facts.accounts_total),
        }
        for one in (*shared, *in_use)
    ]


def account_context(
    facts: Facts, *, earlier: int, model_open: bool, blind: bool = False
) -> dict[str, Any]:
    """Return the parts of a page that are about one account's facts.

    `blind` leaves out what the machine decided about it; with `model_open` stands
    beside its values what it shares in use with suspicious others.
    """
    usage = usage_of(facts.account, at=facts.at)
    weighed = weigh(facts)
    return {
        "facts": facts,
        "version": facts.version,
        "key_facts": key_facts(
            facts, tokens_30d=usage.tokens if usage else None, earlier=earlier
        ),
        "abuse": weighed.abuse,
        "legitimate": weighed.legitimate,
        "usage": usage,
        "usage_charts": (
            charts.days(usage.tokens_by_day, what="Tokens"),
            charts.days(usage.requests_by_day, what="Requests"),
        )
        if usage
        else (),
        "connections": _connections(facts, model_open=model_open),
        "moments": timeline(facts.account, at=facts.at, blind=blind),
    }
