"""Rings, keys, jobs and search."""

from datetime import UTC, datetime

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.access.choices import Role
from apps.access.permissions import StaffRequest, page
from apps.review.forms import SearchForm
from apps.review.presenters.evidence import KIND_WORDS
from apps.review.presenters.paging import paging
from apps.review.selectors import jobs as job_selectors
from apps.review.selectors import rings as ring_selectors
from apps.review.selectors.lookup import key_versions, search
from apps.signals.selectors import key_activity

PAGE = 50


@require_GET
@page("analyst", "lead", "auditor")
def rings(request: StaffRequest) -> HttpResponse:
    """List the rings of the newest pass, the strongest first."""
    offset = _offset(request)
    rows, total = ring_selectors.rings_page(offset=offset, limit=PAGE)
    context = {
        "now": datetime.now(UTC),
        "rows": rows,
        "run": ring_selectors.newest_run(),
        "kinds": KIND_WORDS,
        "page": paging(
            request.GET, offset=offset, shown=len(rows), total=total, size=PAGE
        ),
    }
    return render(request, "review/rings.html", context)


@require_GET
@page("analyst", "lead", "auditor")
def ring(request: StaffRequest, ring_id: str) -> HttpResponse:
    """Show one ring: who belongs how strongly, and by what."""
    found = ring_selectors.ring_of(ring_id)
    if found is None:
        raise Http404
    offset = _offset(request)
    part = ring_selectors.ring_page(
        found, offset=offset, show_scores=request.user.role == Role.AUDITOR
    )
    context = {
        "now": datetime.now(UTC),
        "part": part,
        "ring": found,
        "kinds": KIND_WORDS,
        "page": paging(
            request.GET,
            offset=offset,
            shown=len(part.members),
            total=found.size,
            size=ring_selectors.MEMBERS,
        ),
    }
    return render(request, "review/ring.html", context)


@require_GET
@page("analyst", "lead", "auditor")
def key(request: StaffRequest, key_id: str) -> HttpResponse:
    """Show the life of one key, its networks and its clients."""
    at = datetime.now(UTC)
    versions = key_versions(key_id, at=at)
    if not versions:
        raise Http404
    context = {
        "now": at,
        "key": versions[0],
        "versions": versions,
        "activity": key_activity(key_id, at),
    }
    return render(request, "review/key.html", context)


@require_GET
@page("analyst", "lead", "auditor", "model_owner", "admin")
def jobs(request: StaffRequest) -> HttpResponse:
    """Show whether background work keeps up."""
    at = datetime.now(UTC)
    context = {
        "now": at,
        "rows": job_selectors.job_health(at),
        "recent": job_selectors.recent_jobs(),
    }
    return render(request, "review/jobs.html", context)


@require_http_methods(["GET", "POST"])
@page("analyst", "lead", "auditor")
def find(request: StaffRequest) -> HttpResponse:
    """Find by id or e-mail; the query travels in the body, never in an address."""
    form = SearchForm(request.POST or None)
    hits = search(form.cleaned_data["q"]) if form.is_valid() else []
    if len(hits) == 1:
        return redirect(hits[0].url)
    context = {
        "form": form,
        "hits": hits,
        "asked": form.cleaned_data.get("q", "") if form.is_bound else "",
    }
    return render(request, "review/search.html", context)


def _offset(request: StaffRequest) -> int:
    text = request.GET.get("offset", "0")
    return min(int(text), 1_000_000) if text.isascii() and text.isdigit() else 0
