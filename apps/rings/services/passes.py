"""Store what a ring pass found; the pass itself is plain Python in ml.rings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pyarrow.compute as pc
from django.db import transaction

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core.ids import derived_id
from apps.customers.selectors import ids_of
from apps.rings.models import Membership, Ring, RingChange, RingRun
from apps.rings.selectors import latest_run, ring_content, run_content
from apps.rings.services import kept
from apps.rings.services.evidence import accumulate, last_tested, standing
from apps.signals import selectors as signals
from apps.signals.selectors.facts import outcomes_table
from ml.rings.find import CODE_VERSION
from ml.rings.identity import Change, Known, changes, match

if TYPE_CHECKING:
    from apps.signals.selectors import Engine
    from ml.rings.find import FoundRing
    from ml.rings.passes import Pass

SYSTEM = Actor("system", "rings")
FULL_EVERY: Final = timedelta(days=1)
MOST: Final = 0.2  # share of the accounts, beyond which a full pass is as cheap


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
    with _opened(engine, as_of) as opened:
        return _whole(opened, as_of=as_of, facts=facts, at=at)


@contextmanager
def _opened(engine: "Engine | None", as_of: datetime) -> "Iterator[Engine]":
    if engine is not None:
        yield engine
        return
    with signals.open_engine(as_of=as_of) as opened:
        yield opened


def _whole(engine: "Engine", *, as_of: datetime, facts: str, at: datetime) -> RingRun:
    """Compare everybody, test the rings of the last pass, and store what was found."""
    # loads SciPy and Ibis, which most processes never need
    from ml.rings.passes import full_pass
    from ml.rings.strangers import evidence_since

    one = full_pass(engine.backend, as_of=as_of)
    due = standing(as_of=as_of)
    tested = evidence_since(one.links, one.conduct.region, due)
    return _kept(one, tested=tested, facts=facts, at=at, basis=None)


def find_changed(
    *, as_of: datetime, at: datetime, engine: "Engine | None" = None
) -> RingRun:
    """Go on from the last pass, comparing again only whom new facts touched.

    A full pass (on `engine`, if given) is made where there is none to go on from, or it
    is a day old, or facts touched so many that it costs no more. Rings are tested by
    full passes alone.
    """
    last = latest_run(as_of=as_of)
    before = kept.pass_of(last) if last is not None else None
    if last is None or before is None or as_of - before.full_as_of >= FULL_EVERY:
        return find_rings(as_of=as_of, at=at, engine=engine)
    touched = _touched(last, as_of=as_of, at=at)
    if len(touched) > MOST * len(before.links.account_ids):
        return find_rings(as_of=as_of, at=at, engine=engine)
    if not touched:
        return last
    return _go_on(last, before, touched, as_of=as_of, at=at)


def _touched(last: RingRun, *, as_of: datetime, at: datetime) -> list[str]:
    """Return the accounts with facts that came in, or outcomes known, since a pass."""
    changed = set(signals.changed_accounts(since=last.created_at, until=at))
    outcomes = outcomes_table(as_of=as_of)
    news = outcomes.filter(pc.greater(outcomes.column("known_at"), last.as_of))
    return sorted(changed | set(news.column("account_id").to_pylist()))


def _go_on(
    last: RingRun, before: "Pass", touched: list[str], *, as_of: datetime, at: datetime
) -> RingRun:
    # loads SciPy and Ibis, as above
    from ml.rings.passes import step

    with ExitStack() as engines:

        def tables_of(accounts: list[str]) -> Any:
            engine = signals.open_engine(as_of=as_of, account_ids=accounts)
            return engines.enter_context(engine).backend

        one = step(
            before,
            tables_of(touched),
            as_of=as_of,
            touched=touched,
            usage_of=tables_of,
        )
    facts = signals.facts_digest(as_of=as_of)
    basis = last if last.basis is None else last.basis
    return _kept(one, tested={}, facts=facts, at=at, basis=basis)


def _kept(
    one: "Pass",
    *,
    tested: Mapping[str, float],
    facts: str,
    at: datetime,
    basis: RingRun | None,
) -> RingRun:
    """Store a pass, and keep it for the next to go on from."""
    from ml.rings.find import rings_of  # loads SciPy

    with transaction.atomic():
        run = RingRun(
            as_of=one.as_of,
            facts_digest=facts,
            code_version=CODE_VERSION,
            created_at=at,
            links=len(one.links.account),
            basis=basis,
        )
        _store(run, rings_of(one), tested)
    kept.keep(one, run)
    return run


def _store(run: RingRun, rings: list["FoundRing"], tested: Mapping[str, float]) -> None:
    before, last = _before(run.as_of), last_tested(as_of=run.as_of)
    run.accounts = sum(len(ring.members) for ring in rings)
    run.save()
    now = [_known(ring) for ring in rings]
    names = _names(rings, match(before, now), before)
    happened = changes(before, now, names)
    rows = [_ring_row(run, ring, name) for ring, name in zip(rings, names, strict=True)]
    accumulate(rows, last=last, tested=tested, changes=happened, as_of=run.as_of)
    _write(run, rings, Ring.objects.bulk_create(rows), happened)


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
