"""What passes say of a ring in turn: its evidence against chance adds up.

A ring is tested at most every six hours, on facts that came since its last test, as
the pass of that moment knew it: passes in between change nothing, however many.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from apps.rings.models import Membership, Ring, RingChange
from apps.rings.selectors import latest_run
from ml.rings.evalues import LEVEL, e_bh
from ml.rings.identity import Change
from ml.rings.strangers import Standing

EVERY: Final = timedelta(hours=6)
BORN: Final = ("found", "split", "succeeded")


def standing(*, as_of: datetime) -> list[Standing]:
    """Return the rings of the last pass that are to be tested at T, as they were then.

    Its accounts are those of the pass up to which the ring was tested: later ones may
    have been chosen by the very facts that the test is about.
    """
    run = latest_run(as_of=as_of)
    if run is None:
        return []
    rows = Ring.objects.filter(run=run).values_list("ring_id", "tested_to")
    since = {name: tested_to or run.as_of for name, tested_to in rows}
    due = {name: moment for name, moment in since.items() if as_of - moment >= EVERY}
    accounts = _accounts(due)
    return [Standing(name, accounts[name], due[name]) for name in sorted(accounts)]


def _accounts(due: Mapping[str, datetime]) -> dict[str, tuple[str, ...]]:
    """Return the accounts of each ring in the newest pass over its moment."""
    members = Membership.objects.filter(
        ring__ring_id__in=list(due), ring__run__as_of__in=set(due.values())
    )
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name, run, moment, account in members.values_list(
        "ring__ring_id", "ring__run_id", "ring__run__as_of", "account__account_id"
    ):
        if due[name] == moment:
            found[name, run].append(account)
    return {name: tuple(sorted(found[name, run])) for name, run in sorted(found)}


def last_tested(*, as_of: datetime) -> dict[str, Ring]:
    """Return the rings of the newest pass up to T that carry evidence, by name."""
    rows = Ring.objects.filter(run=latest_run(as_of=as_of), tested_to__isnull=False)
    return {row.ring_id: row for row in rows.defer("evidence")}


def accumulate(
    rows: Sequence[Ring],
    *,
    last: Mapping[str, Ring],
    tested: Mapping[str, float],
    changes: Sequence[Change],
    as_of: datetime,
) -> None:
    """Give the rings of a pass their evidence so far, and say which are confirmed.

    `last` are the rings of the pass before, `tested` the e-values of this one, by name.
    Every ring that was ever named counts as tried, those that ended too.
    """
    for row in rows:
        before = last.get(row.ring_id)
        row.e_value = tested.get(row.ring_id)
        news = 0.0 if row.e_value is None else math.log(row.e_value)
        row.log_e = news + ((before.log_e or 0.0) if before else 0.0)
        waits = before is not None and row.e_value is None
        row.tested_to = before.tested_to if before is not None and waits else as_of
    born = RingChange.objects.filter(kind__in=BORN).count()
    tried = born + sum(one.kind in BORN for one in changes)
    log_e = np.array([row.log_e for row in rows], dtype=float)
    for row, sure in zip(rows, e_bh(log_e, tested=tried, level=LEVEL), strict=True):
        row.confirmed = bool(sure)
