"""Everybody as of a moment, in chunks; repeating it stores nothing new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction

from apps.assessments.selectors import newest_pass
from apps.assessments.selectors.intake import is_loading
from apps.assessments.services.occasion import Occasion
from apps.assessments.services.pipeline import ask_facts, judge
from apps.assessments.services.store import chunks, store
from apps.audit import services as audit
from apps.core.progress import Progress
from apps.customers.selectors import ids_of
from apps.features import services as features
from apps.rings import selectors as ring_selectors
from apps.rings import services as rings
from apps.signals import selectors as signals

if TYPE_CHECKING:
    from ml.frames import FeatureFrame, RingPart

# Every expression repeats the names that it is limited to.
MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class Assessed:
    """What one pass did: accounts looked at, assessments stored, actions given."""

    accounts: int
    stored: int
    actions: dict[str, int]
    ring_run: int | None


def assess_all(
    *,
    occasion: Occasion,
    progress: Progress,
    account_ids: Sequence[str] | None = None,
) -> Assessed:
    """Assess every account known at `as_of` (or the given ones) in one pass.

    Rings are found over the whole population, for given accounts by going on from the
    last pass; features, scores and decisions only for the accounts asked for.
    """
    as_of = occasion.as_of
    # many are cheaper picked out of everybody than named
    few = account_ids if len(account_ids or ()) <= MOST_NAMED else None
    progress.advance(0, phase="facts")
    with signals.open_engine(as_of=as_of) as engine:
        progress.advance(0, phase="features")
        frame = features.take_snapshots(as_of=as_of, account_ids=few, engine=engine)
        progress.advance(0, phase="rings")
        find = rings.find_rings if account_ids is None else rings.find_changed
        everybody = frame if few is None else None
        run = find(as_of=as_of, engine=engine, frame=everybody, at=occasion.at)
    if account_ids is not None and few is None:
        frame = frame.rows(np.isin(frame.account_ids, account_ids))
    parts = ring_selectors.ring_parts(as_of=as_of)
    stored, actions = _assess_frame(frame, parts, occasion, progress)
    audit.sequence_now(at=occasion.at)
    return Assessed(len(frame.account_ids), stored, actions, run.pk)


def _assess_frame(
    frame: "FeatureFrame",
    parts: Mapping[str, "RingPart"],
    occasion: Occasion,
    progress: Progress,
) -> tuple[int, dict[str, int]]:
    """Score, decide and store in chunks, each chunk in a transaction of its own."""
    total, stored = len(frame.account_ids), 0
    actions: dict[str, int] = {}
    for chunk in chunks(total):
        chosen = np.zeros(total, dtype=bool)
        chosen[chunk] = True
        part = frame.rows(chosen)
        judged, policy = judge(frame=part, rings=parts, occasion=occasion)
        for one in judged:
            action = one.verdict.action
            actions[action] = actions.get(action, 0) + 1
        facts = ask_facts(account_ids=part.account_ids, as_of=occasion.as_of)()
        with transaction.atomic():
            new = store(
                judged=judged,
                accounts=ids_of(part.account_ids),
                facts=facts,
                policy=policy,
                occasion=occasion,
            )
        stored += len(new)
        progress.advance(min(chunk.stop, total), total, "assessments")
    return stored, actions


def assess_changed(*, occasion: Occasion, progress: Progress) -> Assessed:
    """Assess the accounts with facts that arrived since the newest scheduled pass.

    While an import of the console is under way nobody is: it assesses its own, and the
    next sweep finds whatever else has come.
    """
    if is_loading():
        return Assessed(0, 0, {}, None)
    since = newest_pass()
    changed = signals.changed_accounts(since=since, until=occasion.at)
    if not changed:
        return Assessed(0, 0, {}, None)
    return assess_all(occasion=occasion, progress=progress, account_ids=changed)
