"""The table of accounts: filtered, sorted and paged in one statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.access.choices import Role
from apps.review.choices import State

PAGE = 50
SORTS = {
    "score": "shown DESC NULLS LAST, a.id DESC",
    "-score": "shown ASC NULLS LAST, a.id",
    "age": "a.created_at DESC, a.id DESC",
    "-age": "a.created_at ASC, a.id",
    "id": "a.account_id ASC",
    "-id": "a.account_id DESC",
    "assessed": "s.as_of DESC NULLS LAST, a.id DESC",
}
ACTIONS = ("allow", "observe", "challenge", "limit", "review", "hold", "suspend")
COLUMNS = (
    "account_id",
    "created_at",
    "plan",
    "kind",
    "shown",
    "ring_id",
    "assessed_at",
    "action",
    "source",
    "case_id",
    "case_reference",
    "hidden",
)
_FROM = """
FROM customers_account a
LEFT JOIN LATERAL (
    SELECT plan, kind FROM customers_accountversion v
    WHERE v.account_id = a.id AND v.valid_from <= %(at)s
    ORDER BY v.valid_from DESC, v.id DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (
    SELECT probability, ring_id, as_of FROM scoring_score s
    WHERE s.account_id = a.id ORDER BY s.as_of DESC, s.id DESC LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT action, source FROM decisions_decision d
    WHERE d.account_id = a.id ORDER BY d.as_of DESC, d.id DESC LIMIT 1) d ON true
LEFT JOIN LATERAL (
    SELECT id, reference, state FROM review_case c
    WHERE c.account_id = a.id AND c.state <> 'closed'
    ORDER BY c.lane IN ('sanctions', 'audit'), c.id LIMIT 1) c ON true
"""
_SELECT = """
SELECT a.account_id, a.created_at, v.plan, v.kind,
    CASE WHEN c.state = ANY(%(hidden)s) THEN NULL ELSE s.probability END AS shown,
    s.ring_id, s.as_of, d.action, d.source, c.id, c.reference,
    coalesce(c.state = ANY(%(hidden)s), false)
"""
_WHERE = {
    "query": "a.account_id ILIKE %(like)s",
    "action": "d.action = %(action)s",
    "plan": "v.plan = %(plan)s",
    "low": "CASE WHEN c.state = ANY(%(hidden)s) THEN NULL ELSE s.probability END"
    " >= %(low)s",
    "with_case": "c.id IS NOT NULL",
    "ids": "a.account_id = ANY(%(ids)s)",
}


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """What the table is narrowed to; empty means everything."""

    query: str = ""
    action: str = ""
    plan: str = ""
    low: float | None = None
    with_case: bool = False
    sort: str = "score"
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountPage:
    rows: list[dict[str, Any]]
    total: int
    offset: int


def hidden_states(role: str) -> list[str]:
    """States of a case in which this role must not see the account's score.

    An analyst judges the evidence first; a lead answers before the first opinion.
    """
    if role == Role.ANALYST:
        return [State.OPEN, State.CLAIMED, State.WAITING, State.APPROVAL]
    return [State.APPROVAL] if role == Role.LEAD else []


def accounts_page(
    chosen: AccountFilter, *, role: str, at: datetime, offset: int, limit: int = PAGE
) -> AccountPage:
    """Return one page and the number of all accounts that fit."""
    where, values = _conditions(chosen)
    values |= {"at": at, "hidden": hidden_states(role), "offset": offset}
    values["limit"] = limit
    order = SORTS.get(chosen.sort, SORTS["score"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_SELECT}{_FROM}{where} ORDER BY {order}"
            " OFFSET %(offset)s LIMIT %(limit)s",
            values,
        )
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
        joined = _FROM if where else "FROM customers_account a"
        cursor.execute(f"SELECT count(*) {joined}{where}", values)
        total = int(cursor.fetchone()[0])
    return AccountPage(rows, total, offset)


def plans() -> list[str]:
    """Return the plans that accounts are on, for the filter."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT plan FROM customers_accountversion"
            " WHERE plan IS NOT NULL ORDER BY plan LIMIT 40"
        )
        return [plan for (plan,) in cursor.fetchall()]


def _conditions(chosen: AccountFilter) -> tuple[str, dict[str, Any]]:
    given = {
        "query": chosen.query,
        "action": chosen.action,
        "plan": chosen.plan,
        "low": chosen.low,
        "with_case": chosen.with_case,
        "ids": list(chosen.ids),
    }
    empty: tuple[object, ...] = ("", None, False, [])
    used = [text for name, text in _WHERE.items() if given[name] not in empty]
    escaped = chosen.query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {**given, "like": f"%{escaped}%"}
    return (" WHERE " + " AND ".join(used) if used else ""), values
