"""Store what a ring pass found; the pass itself is plain Python in ml.rings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core.ids import derived_id
from apps.customers.selectors import ids_of
from apps.rings.models import Membership, Ring, RingChange, RingRun
from apps.rings.selectors import latest_run, ring_content, run_content
from apps.rings.services.evidence import accumulate, last_tested, standing
from apps.signals import selectors as signals
from ml.rings.find import CODE_VERSION
from ml.rings.identity import Change, Known, changes, match

if TYPE_CHECKING:
    from apps.signals.selectors import Engine
    from ml.rings.find import FoundRing

SYSTEM = Actor("system", "rings")


def find_rings(
    *, as_of: datetime, at: datetime, engine: "Engine | None" = None
) -> RingRun:
    """Find the rings known at `as_of`; equal facts give the run that exists already."""
    facts = signals.facts_digest(as_of=as_of)
    known = RingRun.objects.filter(
        as_of=as_of, facts_digest=facts, code_version=CODE_VERSION
    ).first()
    if known:
        return known
    if engine is not None:
        return _store(_find(engine, as_of), as_of=as_of, facts=facts, at=at)
    with signals.open_engine(as_of=as_of) as opened:
        return _store(_find(opened, as_of), as_of=as_of, facts=facts, at=at)


def _find(
    engine: "Engine", as_of: datetime
) -> tuple[list["FoundRing"], int, dict[str, float]]:
    # loads SciPy and Ibis, which most processes never need
    from ml.rings.find import find_and_test

    return find_and_test(engine.backend, as_of=as_of, standing=standing(as_of=as_of))


@transaction.atomic
def _store(
    found: tuple[list["FoundRing"], int, dict[str, float]],
    *,
    as_of: datetime,
    facts: str,
    at: datetime,
) -> RingRun:
    rings, links, tested = found
    before, last = _before(as_of), last_tested(as_of=as_of)
    run = RingRun.objects.create(
        as_of=as_of,
        facts_digest=facts,
        code_version=CODE_VERSION,
        created_at=at,
        accounts=sum(len(ring.members) for ring in rings),
        links=links,
    )
    now = [_known(ring) for ring in rings]
    names = _names(rings, match(before, now), before)
    happened = changes(before, now, names)
    rows = [_ring_row(run, ring, name) for ring, name in zip(rings, names, strict=True)]
    accumulate(rows, last=last, tested=tested, changes=happened, as_of=as_of)
    _write(run, rings, Ring.objects.bulk_create(rows), happened)
    return run


def _write(
    run: RingRun,
    rings: list["FoundRing"],
    rows: Sequence[Ring],
    happened: Sequence[Change],
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
        content=run_content(run, contents, events),
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
