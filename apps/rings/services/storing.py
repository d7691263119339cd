"""Rings, members, associations and changes of a pass as rows, and their audit entry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core.ids import derived_id
from apps.customers.selectors import ids_of
from apps.rings.models import Association, Membership, Ring, RingChange, RingRun
from apps.rings.selectors import (
    association_content,
    latest_run,
    ring_content,
    run_content,
)
from apps.rings.services.evidence import accumulate, last_tested
from ml.rings.identity import Change, Known, changes, match

if TYPE_CHECKING:
    from ml.rings.association import Associate
    from ml.rings.find import FoundRing

SYSTEM: Final = Actor("system", "rings")


def store(
    run: RingRun,
    rings: list["FoundRing"],
    found: list["Associate"],
    tested: Mapping[str, float],
) -> None:
    """Save a run with what it found, inside the caller's transaction.

    `tested` is the e-value of each ring that this pass put to the test.
    """
    before, last = _before(run.as_of), last_tested(as_of=run.as_of)
    run.accounts = sum(len(ring.members) for ring in rings)
    run.save()
    now = [_known(ring) for ring in rings]
    names = _names(rings, match(before, now), before)
    happened = changes(before, now, names)
    rows = [_ring_row(run, ring, name) for ring, name in zip(rings, names, strict=True)]
    accumulate(rows, last=last, tested=tested, changes=happened, as_of=run.as_of)
    company = _associations(run, found)
    _write(run, rings, Ring.objects.bulk_create(rows), happened, company)


def _associations(run: RingRun, found: list["Associate"]) -> list[list[Any]]:
    """Store who keeps suspicious company; return the audited content of each."""
    accounts = ids_of([one.account_id for one in found])
    rows = [
        Association(
            run=run,
            account_id=accounts[one.account_id],
            probability=one.probability,
            log_odds=one.log_odds,
            own=one.own,
            values=list(one.values),
        )
        for one in found
    ]
    Association.objects.bulk_create(rows, batch_size=2000)
    return [
        association_content(row, one.account_id)
        for row, one in zip(rows, found, strict=True)
    ]


def _write(
    run: RingRun,
    rings: list["FoundRing"],
    rows: Sequence[Ring],
    happened: Sequence[Change],
    company: list[list[Any]],
) -> None:
    """Store members and changes of the rings of a pass, and put it into the log."""
    members = _members(rings, rows)
    places = [one for group in members for one in group]
    Membership.objects.bulk_create(places, batch_size=2000)
    events = RingChange.objects.bulk_create(
        [RingChange(run=run, **asdict(one)) for one in happened]
    )
    contents = [
        ring_content(row, group) for row, group in zip(rows, members, strict=True)
    ]
    audit.record(
        kind="rings.run.completed",
        object_type="ring_run",
        object_id=str(run.pk),
        version=1,
        content=run_content(run, contents, events, company),
        actor=SYSTEM,
        at=run.created_at,
    )


def _members(rings: list["FoundRing"], rows: Sequence[Ring]) -> list[list[Membership]]:
    names = [member.account_id for ring in rings for member in ring.members]
    accounts = ids_of(names)
    return [
        [
            Membership(
                ring=row,
                account_id=accounts[member.account_id],
                level=member.level,
                agreement=member.agreement,
                views=list(member.views),
            )
            for member in ring.members
        ]
        for row, ring in zip(rows, rings, strict=True)
    ]


def _ring_row(run: RingRun, ring: "FoundRing", ring_id: str) -> Ring:
    terms: list[dict[str, Any]] = [
        {"name": term.name, "value": _finite(term.value), "log_odds": term.log_odds}
        for term in ring.terms
    ]
    return Ring(
        run=run,
        ring_id=ring_id,
        size=len(ring.members),
        probability=ring.probability,
        log_odds=ring.log_odds,
        views=list(ring.views),
        evidence={"terms": terms, "values": list(ring.values)},
        first_seen_at=ring.first_seen_at,
    )


def _before(as_of: datetime) -> dict[str, Known]:
    """Return the rings of the newest pass over a moment up to `as_of`, by name."""
    rows = Ring.objects.filter(run=latest_run(as_of=as_of))
    bonds = {
        row.ring_id: _bonds(row.evidence["values"])
        for row in rows.only("ring_id", "evidence")
    }
    accounts: dict[str, list[str]] = {name: [] for name in bonds}
    members = Membership.objects.filter(ring__in=rows)
    for name, account in members.values_list("ring__ring_id", "account__account_id"):
        accounts[name].append(account)
    return {name: Known(frozenset(accounts[name]), bonds[name]) for name in bonds}


def _known(ring: "FoundRing") -> Known:
    accounts = frozenset(member.account_id for member in ring.members)
    return Known(accounts, _bonds(ring.values))


def _bonds(values: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {f"{one['kind']}:{one['value']}": one["view"] for one in values}


def _names(
    rings: list["FoundRing"], kept: Mapping[int, str], before: Iterable[str]
) -> list[str]:
    """Return the name of each ring: the one it had, or one of its own.

    A new ring is named by the value that most binds it and its first account, so that
    one which is lost and found again has its old name. A name that another ring bears
    in this pass or the last is left alone.
    """
    taken = set(before)
    names = []
    for at, ring in enumerate(rings):
        name, turn = kept.get(at) or _own_name(ring), 0
        while at not in kept and name in taken:
            turn += 1
            name = _own_name(ring, turn)
        taken.add(name)
        names.append(name)
    return names


def _own_name(ring: "FoundRing", turn: int = 0) -> str:
    bond = ring.values[0] if ring.values else {"kind": "", "value": ""}
    first = min(member.account_id for member in ring.members)
    text = f"{bond['kind']}:{bond['value']}:{first}" + f":{turn}" * (turn > 0)
    return derived_id("ring", sha256(text.encode()).digest())


def _finite(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN differs from itself
