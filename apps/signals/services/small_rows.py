"""Checked rows of PostgreSQL's tables: stored by those who own them, and counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from apps.audit import services as audit
from apps.customers import selectors as customer_facts
from apps.customers import services as customers
from apps.customers.services import PutReport
from apps.signals.choices import Verdict
from apps.signals.services.events import put_events
from apps.signals.services.outcomes import put_outcomes, put_provider_events
from apps.signals.services.pieces import Bad

_IMPORTER: Final = audit.Actor("system", "importer")
_PUT: Final[Mapping[str, Callable[..., PutReport]]] = {
    "customers": customers.put_customers,
    "accounts": customers.put_accounts,
    "api_keys": customers.put_api_keys,
    "payment_methods": customers.put_payment_methods,
}
_ID: Final = {"events": "event_id", "outcomes": "outcome_id"}


@dataclass(slots=True)
class Tally:
    """What became of some rows."""

    accepted: int = 0
    duplicates: int = 0
    bad: list[Bad] = field(default_factory=list)


def put_rows(
    table: str, good: Sequence[tuple[int, dict[str, Any]]], at: datetime, history: str
) -> Tally:
    """Store checked rows of a table, given with their lines; the rest says `bad`.

    `history` is what accounts are marked with.
    """
    tally = Tally()
    rows = [row for _, row in good]
    if table in _PUT:
        more = {"history": history} if table == "accounts" else {}
        report = _PUT[table](rows=rows, source="bundle", at=at, **more)
        tally.accepted += report.accepted
        tally.duplicates += report.duplicates
        tally.bad += [_orphan(good[place][0]) for place in report.orphans]
    elif table == "provider":
        verdicts = put_provider_events(rows=rows, recorded_at=None, at=at)
        _count(tally, good, verdicts, "name")
    else:
        keys = customer_facts.ids_of(sorted({row["account_id"] for row in rows}))
        known = [(line, row) for line, row in good if row["account_id"] in keys]
        tally.bad += [
            _orphan(line) for line, row in good if row["account_id"] not in keys
        ]
        _put_facts(table, tally, known, keys, at)
    return tally


def _orphan(line: int) -> Bad:
    return Bad(line, "account_id", "unknown_account")


def _put_facts(
    table: str,
    tally: Tally,
    good: Sequence[tuple[int, dict[str, Any]]],
    keys: Mapping[str, int],
    at: datetime,
) -> None:
    """Put events or outcomes; a key that comes twice in a chunk goes in a second go."""
    name = _ID[table]
    rest = list(good)
    while rest:
        first: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
        later = []
        for line, row in rest:
            key = (row["account_id"] if table == "events" else "", row[name])
            if key in first:
                later.append((line, row))
            else:
                first[key] = (line, row)
        now = list(first.values())
        rows = [row for _, row in now]
        verdicts = (
            put_events(rows=rows, account_keys=keys, recorded_at=None, at=at)
            if table == "events"
            else put_outcomes(rows=rows, account_keys=keys, at=at, actor=_IMPORTER)
        )
        _count(tally, now, verdicts, name)
        rest = later


def _count(
    tally: Tally,
    good: Sequence[tuple[int, dict[str, Any]]],
    verdicts: Sequence[Verdict],
    name: str,
) -> None:
    for (line, _), verdict in zip(good, verdicts, strict=True):
        if verdict is Verdict.ACCEPTED:
            tally.accepted += 1
        elif verdict is Verdict.DUPLICATE:
            tally.duplicates += 1
        else:
            tally.bad.append(Bad(line, name, verdict.value))
