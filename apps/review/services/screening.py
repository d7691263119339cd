"""Names against the sanctions lists: a hit becomes a case for people, never a score."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from apps.audit import services as audit
from apps.core.ids import new_id
from apps.customers.models import VaultValue
from apps.customers.services import hashing, vault
from apps.reference import services as reference
from apps.review import policy
from apps.review.choices import Lane
from apps.review.models import Case, SanctionsHit, ScreenedName
from apps.review.selectors.audited import hit_content
from apps.review.selectors.sanctions import (
    accounts_of,
    open_sanctions_case,
    unscreened,
)
from apps.review.services.log import SYSTEM, record_said
from apps.review.services.opening import open_case

BATCH: Final = 256  # names in one transaction
_LOCK: Final = 0x4B59_4302  # advisory lock: one screening at a time


@dataclass(slots=True)
class ScreeningReport:
    """What a screening did; `list_version` is None while no list is loaded."""

    list_version: str | None
    names: int = 0
    hits: int = 0
    cases: int = 0


def screen_names(
    *, at: datetime, advance: Callable[[int], None] | None = None
) -> ScreeningReport:
    """Compare every name that was not compared with the lists in use.

    Each batch commits by itself; a name is compared once for each version of the
    lists, and a hit that was reported before is not reported again.
    """
    report = ScreeningReport(reference.list_version())
    while report.list_version is not None and _batch(report, at=at):
        if advance is not None:
            advance(report.names)
    return report


@transaction.atomic
def _batch(report: ScreeningReport, *, at: datetime) -> bool:
    """Compare some names; return whether there were any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    version = report.list_version or ""
    values = unscreened(list_version=version, limit=BATCH)
    if not values:
        return False
    texts = vault.opened_many(values)
    found = reference.screen([text or "" for text in texts])
    accounts = accounts_of([value.subject for value in values])
    for value, text, hits in zip(values, texts, found, strict=True):
        if text and hits:
            _report(value, text, hits, accounts, report, at=at)
    ScreenedName.objects.bulk_create(
        ScreenedName(value=value.pk, list_version=version, at=at) for value in values
    )
    report.names += len(values)
    _record_read(values, version, at=at)
    return True


def _report(
    value: VaultValue,
    text: str,
    hits: Sequence[reference.Hit],
    accounts: Mapping[UUID, Sequence[int]],
    report: ScreeningReport,
    *,
    at: datetime,
) -> None:
    """Store the new hits of a name, in the open sanctions case of each account."""
    name_key = hashing.keyed("name", [text])[0] or ""
    for account_id in accounts.get(value.subject, ()):
        known = set(
            SanctionsHit.objects.filter(
                account_id=account_id, name_key=name_key
            ).values_list("entry_id", flat=True)
        )
        new = [hit for hit in hits if hit.entry_id not in known]
        if not new:
            continue
        case = open_sanctions_case(account_id)
        if case is None:
            case = _open(account_id, new[0], at=at)
            report.cases += 1
        for hit in new:
            _store(account_id, case, value.field, name_key, hit, report, at=at)


def _open(account_id: int, hit: reference.Hit, *, at: datetime) -> Case:
    """Open the case; its place in the queue is that of the greatest harm."""
    return open_case(
        lane=Lane.SANCTIONS,
        account_id=account_id,
        trigger=f"A name is like entry {hit.entry_id} of a sanctions list",
        probability=hit.score,
        stakes=policy.sanctions_stakes(),
        as_of=at,
        at=at,
    )


def _store(
    account_id: int,
    case: Case,
    field: str,
    name_key: str,
    hit: reference.Hit,
    report: ScreeningReport,
    *,
    at: datetime,
) -> None:
    row = SanctionsHit.objects.create(
        id=new_id("hit", at),
        account_id=account_id,
        case=case,
        field=field,
        name_key=name_key,
        entry_id=hit.entry_id,
        score=hit.score,
        list_version=report.list_version or "",
        at=at,
    )
    report.hits += 1
    record_said(
        "review.sanctions.hit",
        "sanctions_hit",
        row.id,
        hit_content(row),
        actor=SYSTEM,
        at=at,
    )


def _record_read(values: Sequence[VaultValue], version: str, *, at: datetime) -> None:
    """Say in the log that names were read by the machine, how many and what for."""
    audit.record(
        kind="review.names.screened",
        object_type="names_screening",
        object_id=f"{version}:{values[0].pk}-{values[-1].pk}",
        version=1,
        content={"names": len(values), "list_version": version},
        actor=SYSTEM,
        at=at,
    )
