"""A simulated world as rows to learn the starter from; the truth says who was who."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from apps.core.progress import Progress
from apps.features.services import take_snapshots
from apps.scoring.choices import ModelKind
from apps.scoring.services.examples import (
    ACTIVITY_EVERY,
    ACTIVITY_SNAPSHOTS,
    active_at,
    cohort_at,
    facts_at,
    moments_of,
)
from apps.signals.selectors import open_engine
from ml.starter.worlds import Moment, Person, World

if TYPE_CHECKING:
    from apps.signals.selectors import Engine


def world_of(*, seed: int, truth: Path, as_of: datetime, progress: Progress) -> World:
    """Compute the features of the world that this home holds, as `train` would.

    The entry model learns from each account in the week after it was opened, the
    activity model from the accounts in use of every second week, most from those that
    were at work in the week before.
    """
    with open_engine(as_of=as_of) as engine:
        known = facts_at(engine, as_of)
    moments: dict[str, list[Moment]] = {ModelKind.ENTRY: [], ModelKind.ACTIVITY: []}
    past = list(moments_of(known))
    for done, (moment, back) in enumerate(past):
        progress.advance(done, len(past), "past snapshots")
        whole = back % ACTIVITY_EVERY == 0
        with open_engine(as_of=moment) as engine:
            if whole and back < ACTIVITY_EVERY * ACTIVITY_SNAPSHOTS:
                active = active_at(engine, moment)
                moments[ModelKind.ACTIVITY].append(
                    _moment(engine, moment, back, active, whole=True)
                )
            new = cohort_at(known, moment, everybody=done == 0)
            moments[ModelKind.ENTRY].append(
                _moment(engine, moment, back, new, whole=False)
            )
    progress.advance(len(past), len(past), "past snapshots")
    return World(seed, moments, _people(truth))


def _people(truth: Path) -> tuple[Person, ...]:
    """Read who was who; the builder of the starter may, no importer does."""
    import pyarrow.parquet as pq  # only the builder reads files of this kind

    names = ["account_id", "class", "archetype", "level", "ring"]
    rows = pq.read_table(truth / "accounts.parquet", columns=names).to_pylist()
    return tuple(
        Person(
            account_id=row["account_id"],
            archetype=row["archetype"],
            level=row["level"],
            ring=row["ring"],
            honest=row["class"] == "honest",
        )
        for row in rows
    )


def _moment(
    engine: "Engine",
    moment: datetime,
    back: int,
    chosen: frozenset[str],
    *,
    whole: bool,
) -> Moment:
    """Return all features of all accounts, or the entry features of the chosen ones."""
    if whole:
        frame = take_snapshots(as_of=moment, engine=engine)
    else:
        frame = take_snapshots(as_of=moment, engine=engine, groups=("entry",))
    mask = frame.among(chosen)
    if not whole:
        frame, mask = frame.rows(mask), mask[mask]
    return Moment(back, frame, mask)
