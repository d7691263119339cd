"""A batch by API: checked, claimed once, stored, in one transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from numpy.typing import NDArray

from apps.audit import services as audit
from apps.core.ids import new_id
from apps.customers import selectors as customers
from apps.signals.choices import Verdict
from apps.signals.selectors.duck import TIMESTAMP
from apps.signals.selectors.lake import TIMES
from apps.signals.services import keys, lines
from apps.signals.services.checked import Exchanges, check, of_known_accounts
from apps.signals.services.enrich import Canonical, canonical
from apps.signals.services.events import Prepared, prepare_events, store_events
from apps.signals.services.hot import put_hot
from apps.signals.services.reports import BatchReport

_ORDER: Final = [
    ("account_id", "ascending"),
    ("event_id", "ascending"),
    ("index", "ascending"),
]
_KEYS: Final = ["account_id", "event_id", "digest", "occurred_at"]


@dataclass(frozen=True, slots=True)
class _Part:
    """Good rows of one table, ready to store, and who they are."""

    table: str
    content: Canonical | list[Prepared]
    facts: pa.Table  # _KEYS, index (place in the batch), part, place (in the content)


def record_batch(
    *,
    rows: Sequence[tuple[int, object]],
    report: BatchReport,
    at: datetime,
    actor: audit.Actor,
    request_id: str | None,
    exchanges: Exchanges | None = None,
) -> BatchReport:
    """Store the rows of a batch, each exactly once; refused rows are in the report.

    `rows` are decoded JSON values with their places in the batch, `exchanges` those
    that came in columns; the report may hold lines that could not be decoded.
    Everything that is counted as accepted has been committed when this returns.
    """
    checked = check(rows, exchanges, report, at)
    names = {name for part in checked for name in pc.unique(part.accounts).to_pylist()}
    account_keys = customers.ids_of(sorted(names))
    known = [of_known_accounts(part, account_keys, report) for part in checked]
    parts = [
        _prepared(number, part.table, part.places, part.rows, account_keys, at)
        for number, part in enumerate(known)
    ]
    if parts:
        facts = pa.concat_tables([part.facts for part in parts]).sort_by(_ORDER)
        facts = _distinct(facts.combine_chunks(), report)
        with transaction.atomic():
            new = _claimed(facts, report)
            _store(new, parts, report)
            if report.accepted:
                _record(new, report, at, actor, request_id)
    report.rejected.sort(key=lambda problem: problem.index)
    return report


def _prepared(
    number: int,
    table: str,
    places: NDArray[np.int64],
    rows: pa.Table | list[dict[str, Any]],
    account_keys: Mapping[str, int],
    at: datetime,
) -> _Part:
    """Enrich rows; no raw value is left."""
    content: Canonical | list[Prepared]
    if isinstance(rows, pa.Table):
        content = canonical(table, rows, recorded_at=at)
        who = content.rows.select(
            ["account_id", "event_id", "body_hash", TIMES[table]]
        ).rename_columns(_KEYS)
    else:
        content = prepare_events(rows, account_keys, at, at)
        who = _who(rows, content)
    size = len(places)
    facts = (
        who.append_column("index", pa.array(places, pa.int64()))
        .append_column("part", pa.array(np.full(size, number, dtype=np.int8)))
        .append_column("place", pa.array(np.arange(size, dtype=np.int64)))
    )
    return _Part(table, content, facts)


def _who(rows: Sequence[Mapping[str, Any]], events: Sequence[Prepared]) -> pa.Table:
    columns = [
        pa.array([row["account_id"] for row in rows], pa.string()),
        pa.array([row["event_id"] for row in rows], pa.string()),
        pa.array([one.short_digest for one in events], pa.int64()),
        pa.array([row["occurred_at"] for row in rows], TIMESTAMP),
    ]
    return pa.table(columns, names=_KEYS)


def _distinct(facts: pa.Table, report: BatchReport) -> pa.Table:
    """Keep the first row of each key; what repeats it is a duplicate or a conflict.

    `facts` are in _ORDER, so repetitions stand together.
    """
    size = facts.num_rows
    again = np.zeros(size, dtype=bool)
    if size > 1:
        before, after = facts.slice(0, size - 1), facts.slice(1)
        same = pc.and_(
            pc.equal(before["account_id"], after["account_id"]),
            pc.equal(before["event_id"], after["event_id"]),
        )
        again[1:] = same.to_numpy()
    if not again.any():
        return facts
    first = np.maximum.accumulate(np.where(again, 0, np.arange(size)))
    digests = facts["digest"].to_numpy()
    verdicts = np.where(digests == digests[first], keys.DUPLICATE, keys.CONFLICT)
    _tell(facts, np.where(again, verdicts, keys.NEW), report)
    return facts.filter(pa.array(~again))


def _claimed(facts: pa.Table, report: BatchReport) -> pa.Table:
    verdicts = keys.claim(facts.select(_KEYS))
    if not verdicts.any():
        return facts
    _tell(facts, verdicts, report)
    return facts.filter(pa.array(verdicts == keys.NEW))


def _tell(facts: pa.Table, verdicts: NDArray[np.int8], report: BatchReport) -> None:
    """Count in the report what is not new."""
    report.duplicates += int((verdicts == keys.DUPLICATE).sum())
    clash = facts.filter(pa.array(verdicts == keys.CONFLICT))
    for index, name in zip(
        clash["index"].to_pylist(), clash["event_id"].to_pylist(), strict=True
    ):
        report.count(index, name, Verdict.CONFLICT)


def _store(new: pa.Table, parts: Sequence[_Part], report: BatchReport) -> None:
    """Write the claimed facts and count them in the report."""
    for number, part in enumerate(parts):
        mine = new.filter(pc.equal(new["part"], number))
        if isinstance(part.content, Canonical):
            put_hot(part.table, part.content, mine["place"].combine_chunks())
            report.accepted += mine.num_rows
            continue
        chosen = [part.content[place] for place in mine["place"].to_pylist()]
        verdicts = store_events(chosen)
        for index, name, verdict in zip(
            mine["index"].to_pylist(),
            mine["event_id"].to_pylist(),
            verdicts,
            strict=True,
        ):
            report.count(index, name, verdict)


def _record(
    new: pa.Table,
    report: BatchReport,
    at: datetime,
    actor: audit.Actor,
    request_id: str | None,
) -> None:
    """One entry a batch: how much came, and a digest of which facts were new."""
    named = [new[name].combine_chunks() for name in ("account_id", "event_id")]
    listed = "\n".join(lines.joined(named).to_pylist())
    audit.record(
        kind="signals.batch.recorded",
        object_type="batch",
        object_id=new_id("bat", at),
        version=1,
        content={
            "accepted": report.accepted,
            "duplicates": report.duplicates,
            "rejected": len(report.rejected),
            "facts": hashlib.sha256(listed.encode()).hexdigest(),
        },
        actor=actor,
        at=at,
        request_id=request_id,
    )
