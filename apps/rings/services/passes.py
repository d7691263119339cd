"""Store what a ring pass found; the pass itself is plain Python in ml.rings."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pyarrow.compute as pc
from django.db import transaction

from apps.features.services import take_snapshots
from apps.rings.models import RingRun
from apps.rings.selectors import latest_run
from apps.rings.services import kept
from apps.rings.services.evidence import standing
from apps.rings.services.storing import store
from apps.signals import selectors as signals
from apps.signals.selectors.facts import outcomes_table
from ml.rings.find import CODE_VERSION

if TYPE_CHECKING:
    from apps.signals.selectors import Engine
    from ml.frames import FeatureFrame
    from ml.rings.passes import Pass

FULL_EVERY: Final = timedelta(days=1)
MOST: Final = 0.2  # share of the accounts, beyond which a full pass is as cheap


def find_rings(
    *,
    as_of: datetime,
    at: datetime,
    engine: "Engine | None" = None,
    frame: "FeatureFrame | None" = None,
) -> RingRun:
    """Find the rings known at `as_of`; equal facts give the run that exists already.

    `frame` holds all features of everybody at that moment, if they were taken already.
    """
    facts = signals.facts_digest(as_of=as_of)
    known = RingRun.objects.filter(
        as_of=as_of, facts_digest=facts, code_version=CODE_VERSION
    ).first()
    if known:
        return known
    with _opened(engine, as_of) as opened:
        if frame is None:
            frame = take_snapshots(as_of=as_of, engine=opened)
        return _whole(opened, frame, as_of=as_of, facts=facts, at=at)


@contextmanager
def _opened(engine: "Engine | None", as_of: datetime) -> "Iterator[Engine]":
    if engine is not None:
        yield engine
        return
    with signals.open_engine(as_of=as_of) as opened:
        yield opened


def _whole(
    engine: "Engine",
    frame: "FeatureFrame",
    *,
    as_of: datetime,
    facts: str,
    at: datetime,
) -> RingRun:
    """Compare everybody, test the rings of the last pass, and store what was found."""
    # load SciPy, Ibis and LightGBM, which most processes never need
    from ml.rings.passes import full_pass
    from ml.rings.strangers import evidence_since
    from ml.starter.own import own_evidence

    said = own_evidence(frame).tolist()
    own = dict(zip(frame.account_ids, said, strict=True))
    one = full_pass(engine.backend, as_of=as_of, own=own)
    due = standing(as_of=as_of)
    tested = evidence_since(one.links, one.conduct.region, due)
    return _kept(one, tested=tested, facts=facts, at=at, basis=None)


def find_changed(
    *,
    as_of: datetime,
    at: datetime,
    engine: "Engine | None" = None,
    frame: "FeatureFrame | None" = None,
) -> RingRun:
    """Go on from the last pass, comparing again only whom new facts touched.

    A full pass (on `engine` and `frame`, if given, see find_rings) is made where there
    is none to go on from, or it is a day old, or facts touched so many that it costs no
    more. Rings are tested by full passes alone.
    """
    last = latest_run(as_of=as_of)
    before = kept.pass_of(last) if last is not None else None
    if last is None or before is None or as_of - before.full_as_of >= FULL_EVERY:
        return find_rings(as_of=as_of, at=at, engine=engine, frame=frame)
    touched = _touched(last, as_of=as_of, at=at)
    if len(touched) > MOST * len(before.links.account_ids):
        return find_rings(as_of=as_of, at=at, engine=engine, frame=frame)
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
    from ml.rings.association import associates  # load SciPy
    from ml.rings.find import rings_of
    from ml.rings.passes import company

    with transaction.atomic():
        run = RingRun(
            as_of=one.as_of,
            facts_digest=facts,
            code_version=CODE_VERSION,
            created_at=at,
            links=len(one.links.account),
            basis=basis,
        )
        store(run, rings_of(one), associates(company(one), one.links), tested)
    kept.keep(one, run)
    return run
