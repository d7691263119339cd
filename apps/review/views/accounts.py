"""Accounts: the table, the same as CSV, and one account."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.access.permissions import StaffRequest, actor_of, page
from apps.core.errors import InvalidError
from apps.customers.models import Account
from apps.customers.services import vault
from apps.decisions.choices import Source
from apps.decisions.models import Decision
from apps.review import policy
from apps.review.choices import Lane
from apps.review.forms import AccountFilterForm, RevealForm
from apps.review.presenters import charts
from apps.review.presenters.csv import rows_as_csv
from apps.review.presenters.paging import paging, with_values
from apps.review.selectors import accounts as selectors
from apps.review.selectors.account import open_case_of, past_of, scores_of
from apps.review.selectors.facts import facts_of
from apps.review.selectors.lookup import account_named
from apps.review.views.case import account_context

CSV_ROWS = 10_000
HEAD = (
    "account_id", "created_at", "plan", "kind", "probability", "action",
    "decided_by", "ring_id", "assessed_at", "case",
)  # fmt: skip
COLUMNS = (
    ("id", "Account"),
    ("", "Plan"),
    ("age", "Age"),
    ("score", "Probability"),
    ("", "Action"),
    ("", "Ring"),
    ("assessed", "Assessed"),
    ("", "Case"),
)


@require_GET
@page("analyst", "lead", "auditor")
def accounts(request: StaffRequest) -> HttpResponse:
    """Show accounts, filtered and sorted by keys from a fixed list."""
    at = datetime.now(UTC)
    form = AccountFilterForm(request.GET)
    chosen, offset = _chosen(form)
    found = selectors.accounts_page(
        chosen, role=request.user.role, at=at, offset=offset
    )
    context = {
        "now": at,
        "form": form,
        "rows": found.rows,
        "columns": [_column(request, chosen.sort, *one) for one in COLUMNS],
        "plans": selectors.plans(),
        "actions": selectors.ACTIONS,
        "chosen": chosen,
        "low": form.data.get("low", ""),
        "filtered": chosen != selectors.AccountFilter(sort=chosen.sort),
        "csv_query": with_values(request.GET, offset=""),
        "page": paging(
            request.GET,
            offset=offset,
            shown=len(found.rows),
            total=found.total,
            size=selectors.PAGE,
        ),
    }
    return render(request, "review/accounts.html", context)


@require_GET
@page("lead", "auditor")
def accounts_csv(request: StaffRequest) -> StreamingHttpResponse:
    """Stream the same table as CSV, at most 10,000 rows, formulas disarmed."""
    at = datetime.now(UTC)
    form = AccountFilterForm(request.GET)
    chosen, _ = _chosen(form)
    found = selectors.accounts_page(
        chosen, role=request.user.role, at=at, offset=0, limit=CSV_ROWS
    )
    response = StreamingHttpResponse(
        rows_as_csv(HEAD, _csv_rows(found.rows)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="accounts-{at:%Y%m%d}.csv"'
    return response


@require_GET
@page("analyst", "lead", "auditor")
def account(request: StaffRequest, account_id: str) -> HttpResponse:
    """Show one account: facts, use, keys, connections, its past."""
    at = datetime.now(UTC)
    found = account_named(account_id)
    if found is None:
        raise Http404
    judged = _judged(request, found)
    context = judged | account_context(
        facts_of(found, at=at),
        earlier=_earlier(found),
        blind=judged["blind"],
        model_open=not judged["hidden"],
    )
    return render(request, "review/account.html", context | {"now": at})


def _judged(request: StaffRequest, found: Account) -> dict[str, Any]:
    """Return what was scored and decided, unless a case hides it from this role."""
    case = open_case_of(found)
    hidden = bool(case and case.state in selectors.hidden_states(request.user.role))
    scores = [] if hidden else scores_of(found)
    # who decides a random audit reads nothing of the machine's anywhere
    blind = bool(case and hidden and case.lane == Lane.AUDIT)
    points = [(one.as_of.date(), one.low, one.probability, one.high) for one in scores]
    decisions, cases = past_of(found, blind=blind)
    return {
        "account": found,
        "open_case": case,
        "hidden": hidden,
        "blind": blind,
        "score": scores[-1] if scores else None,
        "score_chart": charts.history(points) if len(points) > 1 else None,
        "decisions": decisions,
        "cases": cases,
        "reveal": RevealForm(),
    }


def _earlier(found: Account) -> int:
    return Decision.objects.filter(account=found, source=Source.PERSON).count()


def _chosen(form: AccountFilterForm) -> tuple[selectors.AccountFilter, int]:
    """Return the clean filter; raises InvalidError naming the field at fault."""
    if not form.is_valid():
        names = ", ".join(form.errors)
        raise InvalidError(f"The filter is not understood: {names}.")
    given = form.cleaned_data
    low = given["low"]
    return selectors.AccountFilter(
        query=given["q"],
        action=given["action"],
        plan=given["plan"],
        low=low / 100 if low is not None else None,
        with_case=given["with_case"],
        sort=given["sort"] or "score",
    ), given["offset"] or 0


def _column(request: StaffRequest, sort: str, key: str, label: str) -> dict[str, str]:
    """Return a heading with the query that sorts by it, or turns the order round."""
    if not key:
        return {"label": label, "query": "", "sorted": ""}
    turned = f"-{key}" if sort == key and f"-{key}" in selectors.SORTS else key
    order = {key: "descending", f"-{key}": "ascending"}
    return {
        "label": label,
        "query": with_values(request.GET, sort=turned, offset=""),
        "sorted": order.get(sort, ""),
    }


def _csv_rows(rows: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        shown = policy.percent(row["shown"]) if row["shown"] is not None else ""
        yield (
            row["account_id"],
            row["created_at"].isoformat(),
            row["plan"],
            row["kind"],
            shown,
            row["action"],
            row["source"],
            row["ring_id"],
            row["assessed_at"].isoformat() if row["assessed_at"] else "",
            row["case_reference"],
        )


@require_POST
@page("analyst", "lead")
def reveal(request: StaffRequest, account_id: str) -> HttpResponse:
    """Show one personal value once; who looked and why is in the audit log."""
    form = RevealForm(request.POST)
    if not form.is_valid():
        raise InvalidError("Choose a field and a purpose.")
    given = form.cleaned_data
    value = vault.reveal(
        account_id=account_id,
        field=given["field"],
        purpose=dict(RevealForm.PURPOSES)[given["purpose"]],
        actor=actor_of(request),
        at=datetime.now(UTC),
        request_id=getattr(request, "request_id", None),
    )
    context = {
        "account_id": account_id,
        "field": given["field"].replace("_", " "),
        "value": value,
        "purpose": dict(RevealForm.PURPOSES)[given["purpose"]],
    }
    return render(request, "review/reveal.html", context)
