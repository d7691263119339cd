"""What can be learnt from as of T: past snapshots of accounts, and labels known by T.

The activity model learns from accounts as they looked on past days, most from those
on which they were at work: today's values of an account banned a month ago say little
more than that it is gone. The entry model learns from each account as it looked within
a week of being opened.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.core.progress import Progress
from apps.features.services import take_snapshots
from apps.scoring import selectors
from apps.scoring.choices import ModelKind
from apps.signals.selectors import open_engine
from ml import dataset
from ml.dataset import QUIET_WEIGHT
from ml.features.known import Known
from ml.frames import FeatureFrame

if TYPE_CHECKING:
    from apps.signals.selectors import Engine

WEEK: Final = timedelta(days=7)
WEEKS: Final = 12  # how far back cohorts of new accounts go one by one
ACTIVITY_EVERY: Final = 2  # weeks between snapshots of active accounts
ACTIVITY_SNAPSHOTS: Final = 4


@dataclass(frozen=True, slots=True)
class Label:
    """What is finally known of one account; value is 1 for abuse, 0 for honest."""

    value: float
    source: str
    ring: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything but features that was known at the cut-off.

    `chances` holds with which chance an account was drawn for a random audit.
    """

    as_of: datetime
    created: Mapping[str, datetime]
    history_unknown: frozenset[str]
    labels: Mapping[str, Label]
    chances: Mapping[str, float] = field(default_factory=dict)

    def positives(self) -> int:
        return sum(label.value == 1.0 for label in self.labels.values())


def latest_labels(outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Label]:
    """Return each account's label: the last that counts and was not superseded.

    Inconclusive outcomes and our own decisions are no labels.
    """
    replaced = {row["supersedes"] for row in outcomes if row["supersedes"]}
    counted = [
        row
        for row in outcomes
        if row["outcome_id"] not in replaced
        and row["label"] in dataset.LABELS
        and row["source"] in dataset.SOURCE_WEIGHTS
    ]
    counted.sort(key=lambda row: (row["known_at"], row["outcome_id"]))
    return {
        row["account_id"]: Label(
            dataset.LABELS[row["label"]], row["source"], row["ring"]
        )
        for row in counted
    }


def facts_at(engine: "Engine", as_of: datetime) -> Facts:
    """Read accounts and labels as known at `as_of`."""
    accounts = engine.arrow(
        "SELECT account_id, created_at, history FROM accounts ORDER BY account_id"
    ).to_pylist()
    outcomes = engine.arrow(
        "SELECT account_id, outcome_id, label, source, known_at, ring, supersedes"
        " FROM outcomes"
    ).to_pylist()
    return Facts(
        as_of,
        {row["account_id"]: row["created_at"] for row in accounts},
        frozenset(row["account_id"] for row in accounts if row["history"] == "unknown"),
        latest_labels(outcomes),
        selectors.chances(at=as_of),
    )


def snapshots(
    known: Facts, kinds: Sequence[str], progress: Progress
) -> dict[str, dataset.TrainingRows]:
    """Return the rows of each kind, from the oldest past moment to `as_of`."""
    parts: dict[str, list[dataset.TrainingRows]] = {kind: [] for kind in kinds}
    moments = list(moments_of(known))
    for done, (moment, back) in enumerate(moments):
        progress.advance(done, len(moments), "past snapshots")
        wants_activity = (
            ModelKind.ACTIVITY in kinds
            and back % ACTIVITY_EVERY == 0
            and back < ACTIVITY_EVERY * ACTIVITY_SNAPSHOTS
        )
        if not wants_activity and ModelKind.ENTRY not in kinds:
            continue
        with open_engine(as_of=moment) as engine:
            if wants_activity:
                frame = take_snapshots(as_of=moment, engine=engine)
                full = frame.among(active_at(engine, moment))
                rows = rows_of(known, frame, full | frame.has_usage, full)
                parts[ModelKind.ACTIVITY].append(rows)
            if ModelKind.ENTRY in kinds:
                frame = take_snapshots(as_of=moment, engine=engine, groups=("entry",))
                oldest = done == 0
                cohort = cohort_at(known, moment, everybody=oldest)
                full = frame.among(cohort)
                rows = rows_of(known, frame, full, full)
                parts[ModelKind.ENTRY].append(rows)
    progress.advance(len(moments), len(moments), "past snapshots")
    return {kind: dataset.stack(rows) for kind, rows in parts.items() if rows}


def moments_of(known: Facts) -> Iterator[tuple[datetime, int]]:
    """Yield past moments and how many weeks back they lie, the oldest first."""
    first = min(known.created.values(), default=None)
    for back in range(WEEKS - 1, -1, -1):
        moment = known.as_of - back * WEEK
        if first is not None and _aware(first) <= moment:
            yield moment, back


def active_at(engine: "Engine", moment: datetime) -> frozenset[str]:
    """Return the accounts with any usage in the week before `moment`."""
    view = Known(engine.backend, moment)
    tables = (("usage", "occurred_at"), ("usage_window", "window_start"))
    found: set[str] = set()
    for name, at in tables:
        ids = view.table(name, at, WEEK.days).select("account_id").distinct()
        found.update(ids.to_pyarrow()["account_id"].to_pylist())
    return frozenset(found)


def cohort_at(known: Facts, moment: datetime, *, everybody: bool) -> frozenset[str]:
    """Return the accounts opened in the week before `moment`, or ever before it."""
    since = moment - WEEK
    return frozenset(
        account_id
        for account_id, created in known.created.items()
        if _aware(created) <= moment and (everybody or _aware(created) > since)
    )


def rows_of(
    known: Facts,
    frame: FeatureFrame,
    chosen: NDArray[np.bool_],
    full: NDArray[np.bool_],
) -> dataset.TrainingRows:
    """Join features with labels for the chosen; all but `full` weigh little."""
    frame, weight = frame.rows(chosen), np.where(full[chosen], 1.0, QUIET_WEIGHT)
    ids = frame.account_ids
    labels = [known.labels.get(account_id) for account_id in ids]
    return dataset.TrainingRows(
        frame=frame,
        labels=_floats(np.nan if one is None else one.value for one in labels),
        trust=weight * _floats(_trust(known, account_id) for account_id in ids),
        shares=np.ones(len(ids)),
        groups=np.array(
            [
                account_id if one is None or one.ring is None else f"ring {one.ring}"
                for account_id, one in zip(ids, labels, strict=True)
            ],
            dtype=object,
        ),
        times=_floats(_aware(known.created[each]).timestamp() for each in ids),
        audited=_audited(known, ids),
        history_unknown=np.array(
            [each in known.history_unknown for each in ids], dtype=bool
        ),
    )


def _audited(known: Facts, ids: Sequence[str]) -> NDArray[np.float64]:
    """Return how many accounts each audited one stands for, 0 for the others.

    One whose chance is not on file was drawn by somebody else: it stands for as many
    as the others do on average.
    """
    audited = {
        name for name, one in known.labels.items() if one.source == "random_audit"
    }
    drawn = [1.0 / known.chances[each] for each in audited & known.chances.keys()]
    usual = float(np.mean(drawn)) if drawn else 1.0
    stands = {
        each: 1.0 / known.chances[each] if each in known.chances else usual
        for each in audited
    }
    return _floats(stands.get(each, 0.0) for each in ids)


def _trust(known: Facts, account_id: str) -> float:
    """Return how far to trust the label; where there is none, its absence."""
    label = known.labels.get(account_id)
    if label is not None:
        return dataset.SOURCE_WEIGHTS[label.source]
    age = known.as_of - _aware(known.created[account_id])
    return dataset.maturity(age / timedelta(days=1))


def _floats(values: Iterator[float]) -> NDArray[np.float64]:
    return np.fromiter(values, dtype=np.float64)


def _aware(moment: datetime) -> datetime:
    """Read a time of the engine, which has no zone and means UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
