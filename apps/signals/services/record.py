"""Outcomes and calendar entries by API: checked, stored once, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.core.errors import FieldProblem, InvalidError
from apps.core.ids import new_id
from apps.core.validation import validate_rows
from apps.customers import selectors as customers
from apps.signals.choices import Verdict
from apps.signals.services.outcomes import put_outcomes, put_provider_events
from apps.signals.services.problems import detail
from apps.signals.services.reports import BatchReport


def record_outcomes(
    *,
    rows: Sequence[tuple[int, object]],
    report: BatchReport,
    at: datetime,
    actor: audit.Actor,
    request_id: str | None,
) -> BatchReport:
    """Store outcomes with their places in the batch; refused ones are in the report."""
    checked = validate_rows("outcomes", [row for _, row in rows], as_of=at)
    report.unknown_fields.update(checked.unknown)
    for reject in checked.rejects:
        index, row = rows[reject.index]
        row_id = row.get("outcome_id") if isinstance(row, dict) else None
        report.refuse(index, row_id, reject.code, reject.field)
    account_keys = customers.ids_of(sorted({row["account_id"] for row in checked.good}))
    rest = []
    for place, row in zip(checked.places, checked.good, strict=True):
        if row["account_id"] in account_keys:
            rest.append((rows[place][0], row))
        else:
            report.refuse(
                rows[place][0], row["outcome_id"], "unknown_account", "account_id"
            )
    with transaction.atomic():
        _store(rest, account_keys, report, at, actor, request_id)
    report.rejected.sort(key=lambda problem: problem.index)
    return report


def _store(
    rows: Sequence[tuple[int, dict[str, Any]]],
    account_keys: Mapping[str, int],
    report: BatchReport,
    at: datetime,
    actor: audit.Actor,
    request_id: str | None,
) -> None:
    """Store rows; one that repeats an id of the batch goes in a second go."""
    rest = list(rows)
    while rest:
        first = {row["outcome_id"]: (index, row) for index, row in reversed(rest)}
        now = sorted(first.values(), key=lambda pair: pair[0])
        taken = {index for index, _ in now}
        verdicts = put_outcomes(
            rows=[row for _, row in now],
            account_keys=account_keys,
            at=at,
            actor=actor,
            request_id=request_id,
        )
        for (index, row), verdict in zip(now, verdicts, strict=True):
            report.count(index, row["outcome_id"], verdict, name="outcome_id")
        rest = [(index, row) for index, row in rest if index not in taken]


def record_provider_event(
    *, row: object, at: datetime, actor: audit.Actor, request_id: str | None
) -> tuple[Verdict, dict[str, Any]]:
    """Store one entry of the provider's calendar; return what became of it and it.

    Raises InvalidError with pointers for a bad field.
    """
    checked = validate_rows("provider", [row], as_of=at)
    if checked.rejects:
        problems = tuple(
            FieldProblem(f"/{one.field}", one.code, detail(one.field, one.code))
            for one in checked.rejects
        )
        raise InvalidError("The entry is not valid.", problems=problems)
    clean = checked.good[0]
    with transaction.atomic():
        verdict = put_provider_events(rows=[clean], recorded_at=at, at=at)[0]
        if verdict is Verdict.ACCEPTED:
            audit.record(
                kind="signals.provider.recorded",
                object_type="batch",
                object_id=new_id("bat", at),
                version=1,
                content={"kind": clean["kind"], "name": clean["name"]},
                actor=actor,
                at=at,
                request_id=request_id,
            )
    return verdict, clean
