from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from apps.access.choices import Role
from apps.access.models import User
from apps.access.permissions import actor_of, role_required
from apps.audit import selectors as log
from apps.core.errors import DomainError, NotFoundError
from apps.reports import presenters, services
from apps.reports.forms import AuditFilter
from apps.reports.selectors import check_may_read

View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """A request of a signed-in person; `report` lets no other through."""

    user: User


def report(*roles: str) -> Callable[[View], View]:
    """Open a view to these roles, keep it out of caches, and explain refusals."""

    def decorate(view: View) -> View:
        @never_cache
        @role_required(*roles)
        @wraps(view)
        def shown(request: HttpRequest, **named: Any) -> HttpResponse:
            try:
                return view(request, **named)
            except NotFoundError as error:
                raise Http404(error.detail) from error
            except DomainError as error:
                context = {"error": error}
                return render(
                    request, "review/refused.html", context, status=error.status
                )

        return shown

    return decorate


@report(Role.ANALYST, Role.LEAD, Role.AUDITOR)
def explanation(request: StaffRequest, assessment_id: str) -> HttpResponse:
    """Show the whole explanation of one assessment."""
    at = datetime.now(UTC)
    check_may_read(assessment_id=assessment_id, user=request.user, at=at)
    document = presenters.explanation_document(assessment_id)
    context = {"doc": document, "waterfall": presenters.waterfall_of(document)}
    return render(request, "reports/explanation.html", context)


@report(Role.LEAD, Role.AUDITOR)
def explanation_file(request: StaffRequest, assessment_id: str) -> HttpResponse:
    """Export the explanation as PDF; the export itself is recorded."""
    at = datetime.now(UTC)
    check_may_read(assessment_id=assessment_id, user=request.user, at=at)
    content = presenters.explanation_pdf(assessment_id)
    services.record_export(
        assessment_id=assessment_id, content=content, actor=actor_of(request), at=at
    )
    reply = HttpResponse(content, content_type="application/pdf")
    name = f'attachment; filename="explanation-{assessment_id}.pdf"'
    reply["Content-Disposition"] = name
    return reply


@report(Role.LEAD, Role.AUDITOR)
def audit(request: HttpRequest) -> HttpResponse:
    """Show the state of the audit log and what it holds."""
    chosen = AuditFilter(request.GET)
    wanted = chosen.cleaned_data if chosen.is_valid() else {}
    entries = log.entries_matching(**wanted)
    context = {
        "status": log.status(),
        "form": chosen,
        "entries": entries,
        "history": presenters.object_history(wanted),
        "older": presenters.older_query(request.GET, entries),
    }
    return render(request, "reports/audit.html", context)
