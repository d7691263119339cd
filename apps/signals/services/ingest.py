"""A batch by API: checked, claimed once, stored, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from django.db import transaction

from apps.audit import services as audit
from apps.core.canonical import digest
from apps.core.ids import new_id
from apps.core.validation import validate_rows
from apps.customers import selectors as customers
from apps.signals.choices import USAGE_TYPES, Verdict
from apps.signals.selectors.lake import TIMES
from apps.signals.services import keys
from apps.signals.services.enrich import canonical
from apps.signals.services.events import Prepared, prepare_events, store_events
from apps.signals.services.hot import put_hot
from apps.signals.services.reports import BatchReport
from apps.signals.services.stage import raw_table

_TIMES: Final = {**TIMES, "events": "occurred_at"}


@dataclass(slots=True)
class _Fact:
    """A good row on its way: its place in the batch, its identity, its content."""

    index: int
    table: str
    key: keys.Key
    place: int  # row of the canonical table, or index into the prepared events


def record_batch(
    *,
    rows: Sequence[tuple[int, object]],
    report: BatchReport,
    at: datetime,
    actor: audit.Actor,
    request_id: str | None,
) -> BatchReport:
    """Store the rows of a batch, each exactly once; refused rows are in the report.

    `rows` are decoded JSON values with their places in the batch; the report may hold
    lines that could not be decoded. Everything that is counted as accepted has been
    committed when this returns.
    """
    checked = {
        table: _checked(table, mine, report, at)
        for table, mine in _by_table(rows).items()
    }
    names = {row["account_id"] for good in checked.values() for _, row in good}
    account_keys = customers.ids_of(sorted(names))
    tables, events, facts = {}, list[Prepared](), list[_Fact]()
    for table, good in checked.items():
        known = _of_known_accounts(good, account_keys, report)
        if table == "events":
            events = prepare_events([row for _, row in known], account_keys, at, at)
            facts += _event_facts(known, events)
        else:
            raw = raw_table(table, [row for _, row in known])
            tables[table] = canonical(table, raw, recorded_at=at)
            facts += _usage_facts(table, known, tables[table])
    facts.sort(key=lambda fact: fact.index)
    with transaction.atomic():
        new = _claimed(_distinct(facts, report), report)
        _store(new, tables, events, report)
        if report.accepted:
            _record(new, report, at, actor, request_id)
    report.rejected.sort(key=lambda problem: problem.index)
    return report


def _by_table(
    rows: Sequence[tuple[int, object]],
) -> dict[str, list[tuple[int, object]]]:
    """Sort rows by the table that their type names; `type` is no column of usage."""
    found: dict[str, list[tuple[int, object]]] = {}
    for index, row in rows:
        kind = row.get("type") if isinstance(row, dict) else None
        table = "events"
        if isinstance(row, dict) and (kind is None or isinstance(kind, str)):
            table = USAGE_TYPES.get(kind, "events")
            if table != "events":
                row = {name: row[name] for name in row if name != "type"}  # noqa: PLW2901
        found.setdefault(table, []).append((index, row))
    return found


def _checked(
    table: str, rows: Sequence[tuple[int, object]], report: BatchReport, at: datetime
) -> list[tuple[int, dict[str, Any]]]:
    checked = validate_rows(table, [row for _, row in rows], as_of=at)
    report.unknown_fields.update(checked.unknown)
    for reject in checked.rejects:
        index, row = rows[reject.index]
        row_id = row.get("event_id") if isinstance(row, dict) else None
        report.refuse(index, row_id, reject.code, reject.field)
    good = []
    time = _TIMES[table]
    for place, clean in zip(checked.places, checked.good, strict=True):
        index = rows[place][0]
        if clean[time] < at - keys.LATE:
            report.refuse(index, clean["event_id"], "too_late", time)
        else:
            good.append((index, clean))
    return good


def _of_known_accounts(
    good: Sequence[tuple[int, dict[str, Any]]],
    account_keys: Mapping[str, int],
    report: BatchReport,
) -> list[tuple[int, dict[str, Any]]]:
    known = []
    for index, row in good:
        if row["account_id"] in account_keys:
            known.append((index, row))
        else:
            report.refuse(index, row["event_id"], "unknown_account", "account_id")
    return known


def _event_facts(
    known: Sequence[tuple[int, dict[str, Any]]], events: Sequence[Prepared]
) -> list[_Fact]:
    return [
        _Fact(
            index,
            "events",
            keys.Key(
                row["account_id"],
                row["event_id"],
                prepared.short_digest,
                row["occurred_at"],
            ),
            place,
        )
        for place, ((index, row), prepared) in enumerate(
            zip(known, events, strict=True)
        )
    ]


def _usage_facts(
    table: str, known: Sequence[tuple[int, dict[str, Any]]], content: Any
) -> list[_Fact]:
    time = TIMES[table]
    digests = content["body_hash"].to_pylist()
    return [
        _Fact(
            index,
            table,
            keys.Key(row["account_id"], row["event_id"], digests[place], row[time]),
            place,
        )
        for place, (index, row) in enumerate(known)
    ]


def _distinct(facts: Sequence[_Fact], report: BatchReport) -> list[_Fact]:
    """Keep the first row of each key; what repeats it is a duplicate or a conflict."""
    first: dict[tuple[str, str], _Fact] = {}
    for fact in facts:
        held = first.setdefault((fact.key.account_id, fact.key.event_id), fact)
        if held is not fact:
            same = held.key.digest == fact.key.digest
            verdict = Verdict.DUPLICATE if same else Verdict.CONFLICT
            report.count(fact.index, fact.key.event_id, verdict)
    return list(first.values())


def _claimed(facts: Sequence[_Fact], report: BatchReport) -> list[_Fact]:
    new = []
    verdicts = keys.claim([fact.key for fact in facts])
    for fact, verdict in zip(facts, verdicts, strict=True):
        if verdict is Verdict.ACCEPTED:
            new.append(fact)
        else:
            report.count(fact.index, fact.key.event_id, verdict)
    return new


def _store(
    new: Sequence[_Fact],
    tables: Mapping[str, pa.Table],
    events: Sequence[Prepared],
    report: BatchReport,
) -> None:
    """Write the claimed facts and count them in the report."""
    for table, content in tables.items():
        mine = [fact.place for fact in new if fact.table == table]
        put_hot(table, content.take(pa.array(mine, pa.int64())))
        report.accepted += len(mine)
    stored = [fact for fact in new if fact.table == "events"]
    verdicts = store_events([events[fact.place] for fact in stored])
    for fact, verdict in zip(stored, verdicts, strict=True):
        report.count(fact.index, fact.key.event_id, verdict)


def _record(
    new: Sequence[_Fact],
    report: BatchReport,
    at: datetime,
    actor: audit.Actor,
    request_id: str | None,
) -> None:
    """One entry a batch: how much came, and a digest of which facts were new."""
    listed = [[fact.key.account_id, fact.key.event_id] for fact in new]
    audit.record(
        kind="signals.batch.recorded",
        object_type="batch",
        object_id=new_id("bat", at),
        version=1,
        content={
            "accepted": report.accepted,
            "duplicates": report.duplicates,
            "rejected": len(report.rejected),
            "facts": digest(listed),
        },
        actor=actor,
        at=at,
        request_id=request_id,
    )
