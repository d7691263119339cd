from datetime import UTC, datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.access.choices import Role
from apps.access.permissions import StaffRequest, page
from apps.review import policy, services
from apps.review.choices import Lane
from apps.review.selectors import queue as selectors
from apps.review.selectors.accounts import plans

HOME: dict[str, str] = {Role.MODEL_OWNER: "/models", Role.ADMIN: "/jobs"}
PAGE = 50
LANES = (
    ("harm", "Harm running"),
    ("waiting", "Customer waiting"),
    ("ring", "Rings"),
    ("sanctions", "Sanctions"),
    ("audit", "Random audits"),
    ("approval", "Approvals"),
    ("parked", "Waiting on others"),
)


@require_GET
@page("analyst", "lead", "auditor", "model_owner", "admin")
def home(request: StaffRequest) -> HttpResponse:
    """Send each role to the page where its work begins."""
    return redirect(HOME.get(request.user.role, "/queue"))


@require_GET
@page("analyst", "lead", "auditor")
def queue(request: StaffRequest) -> HttpResponse:
    """Show the analyst's own work, or to the others the table of one lane."""
    at = datetime.now(UTC)
    if request.user.role == Role.ANALYST:
        return _own_work(request, at)
    return _table(request, at)


@require_POST
@page("analyst")
def next_case(request: StaffRequest) -> HttpResponse:
    """Lease the case with the highest rank and open it."""
    lane = request.POST.get("lane", "")
    chosen = lane if lane in Lane.values else ""
    lease = services.take_next(
        user=request.user,
        at=datetime.now(UTC),
        lane=chosen,
        ring_case=request.POST.get("ring_case", "")[:40],
    )
    if lease is None:
        messages.info(request, "Nothing is waiting for you right now.")
        return redirect("/queue")
    response = redirect(f"/cases/{lease.case_id}")
    response.status_code = 303
    return response


def _own_work(request: StaffRequest, at: datetime) -> HttpResponse:
    first = selectors.takeable(user=request.user, at=at).order_by("-rank", "id").first()
    context = {
        "now": at,
        "first": first,
        "counts": selectors.lane_counts(),
        "held": list(selectors.held_by(user=request.user, at=at)),
        "parked": list(selectors.parked()[:20]),
        "stake": policy.stake_level(first.expected_harm, first.friction)
        if first
        else 0,
    }
    return render(request, "review/my_work.html", context)


def _table(request: StaffRequest, at: datetime) -> HttpResponse:
    lane = request.GET.get("lane", "harm")
    lane = lane if lane in dict(LANES) else "harm"
    sort = request.GET.get("sort", "rank")
    plan = request.GET.get("plan", "")
    rows = selectors.listed(lane=lane, plan=plan, sort=sort)
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    cases = list(shown.object_list)
    holders = selectors.holders([case.id for case in cases], at)
    counts = selectors.lane_counts()
    context = {
        "now": at,
        "lane": lane,
        "lane_name": dict(LANES)[lane],
        "lanes": [(name, label, counts[name]) for name, label in LANES],
        "rows": [
            {
                "case": case,
                "lease": holders.get(case.id),
                "stake": policy.stake_level(case.expected_harm, case.friction),
            }
            for case in cases
        ],
        "page": shown,
        "oldest": counts["oldest"],
        "sort": sort,
        "plan": plan,
        "plans": plans(),
    }
    return render(request, "review/queue.html", context)
