"""Learn the starter from simulated worlds, and measure it on worlds it never saw."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml import calibrate, dataset, holdout, train
from ml.calibrate import HeldOut
from ml.dataset import LearnableFeature, TrainingRows
from ml.finish import finished
from ml.model import RiskModel
from ml.starter import BASE_RATE, lent
from ml.starter.views import OWN_PAST, SIZED, VIEWS, drawn, without
from ml.starter.worlds import Moment, World
from ml.train import TrainConfig

Floats = NDArray[np.float64]

# Smoother than what a site learns from its own labels: each split on many accounts, so
# that a habit of the simulator is not worth a leaf.
PARAMETERS: Final[dict[str, float | int | str | bool]] = train.PARAMETERS | {
    "max_depth": 6,
    "learning_rate": 0.1,
    "min_data_in_leaf": 200,
    "lambda_l2": 2.0,
    "feature_fraction": 0.8,
}
# Of each world. With half as many, the luck of which views went would decide which
# families lead an explanation.
COPIES: Final = 8
COMPLETE_EVERY: Final = 4  # of the copies one is complete, the others lack some views


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one kind of model may read, and from which worlds it learns."""

    config: TrainConfig
    worlds: Sequence[World]
    held_out: Sequence[World]


def one_way(features: Sequence[LearnableFeature]) -> list[LearnableFeature]:
    """Keep the features whose direction was fixed in advance and that a new site has.

    What may point either way could only repeat how the simulator draws it. Findings
    and actions are a site's own past, which it has none of where a starter is in use.
    What grows with the number of customers would mean another thing there.
    """
    out = {name for view in OWN_PAST for name in VIEWS[view]} | set(SIZED)
    return [one for one in features if one.direction != 0 and one.name not in out]


def learn(lesson: Lesson) -> RiskModel:
    """Grow trees on all worlds of the lesson; read their margins by halves.

    Trees of one half of the worlds are asked about the other, and their answers at
    BASE_RATE give the calibration. The metrics come from the worlds held out.
    """
    config = replace(lesson.config, adaptation="starter", parameters=PARAMETERS)
    rows = pooled(lesson.worlds, config)
    features, excluded = dataset.describe(rows, one_way(config.features))
    values = dataset.filled(rows, features)
    first = _half(rows, lesson.worlds)
    early = train.grow(values[first], rows.rows(first), features, config)
    margins = train.bare_model(config, rows, features, excluded, early).margins(values)
    edges = holdout.bin_edges(margins[first], rows.targets[first])
    calibration = calibrate.fit(_at_base_rate(rows, margins, ~first), edges)
    text = train.grow(values, rows, features, config)
    bare = train.bare_model(config, rows, features, excluded, text)
    unseen = pooled(lesson.held_out, config, copies=1, lend=False)
    asked = bare.margins(bare.values(unseen.frame))
    said = np.array([calibration.probability(each) for each in asked.tolist()])
    everybody = np.ones(len(unseen), dtype=bool)
    metrics = holdout.measure(_at_base_rate(unseen, asked, everybody), said)
    return finished(bare, calibration, metrics, _counts(lesson, rows, unseen))


def pooled(
    worlds: Sequence[World],
    config: TrainConfig,
    copies: int = COPIES,
    *,
    lend: bool = True,
) -> TrainingRows:
    """Put the rows of all worlds under each other; each account weighs one row.

    To learn from, some honest accounts `lend` (ml.starter.lent); to be measured by,
    the worlds stay as they are.
    """
    return dataset.stack(list(_parts(worlds, config, copies, lend)))


def _parts(
    worlds: Sequence[World], config: TrainConfig, copies: int, lend: bool
) -> Iterator[TrainingRows]:
    for world in worlds:
        for copy in range(copies):
            rng = np.random.default_rng([config.seed, world.seed, copy])
            lacking = drawn(rng) if copy % COMPLETE_EVERY else ()
            lenders = lent.drawn(world, rng) if lend else {}
            for moment in world.moments[config.kind]:
                if _teachers(moment).any():
                    frame = lent.with_lenders(moment.frame, lenders)
                    yield rows_of(world, replace(moment, frame=without(frame, lacking)))


def _teachers(moment: Moment) -> NDArray[np.bool_]:
    """Return whom to learn from: the chosen, and who was ever at work."""
    return moment.chosen | moment.frame.has_usage


def rows_of(world: World, moment: Moment) -> TrainingRows:
    """Return the accounts to learn from at one moment, with what they really are."""
    truth = {each.account_id: each for each in world.truth}
    teach = _teachers(moment)
    frame = moment.frame.rows(teach)
    accounts = [truth[each] for each in frame.account_ids]
    count = len(accounts)
    names = tuple(f"{world.seed} {each.account_id}" for each in accounts)
    no = np.zeros(count, dtype=bool)
    return TrainingRows(
        frame=replace(frame, account_ids=names),
        labels=np.array([0.0 if each.honest else 1.0 for each in accounts]),
        trust=np.where(moment.chosen[teach], 1.0, dataset.QUIET_WEIGHT),
        shares=np.ones(count),
        groups=np.array(
            [f"{world.seed} {each.ring or each.account_id}" for each in accounts],
            dtype=object,
        ),
        times=np.zeros(count),
        audited=np.zeros(count),
        history_unknown=no,
    )


def _half(rows: TrainingRows, worlds: Sequence[World]) -> NDArray[np.bool_]:
    """Choose the rows of every second world."""
    chosen = {str(world.seed) for world in worlds[::2]}
    starts = [name.partition(" ")[0] in chosen for name in rows.frame.account_ids]
    return np.array(starts, dtype=bool)


def _at_base_rate(
    rows: TrainingRows, margins: Floats, chosen: NDArray[np.bool_]
) -> HeldOut:
    """Return accounts with weights under which BASE_RATE of them are abusive."""
    rows, margins = rows.rows(chosen), margins[chosen]
    abusive = rows.targets == 1.0
    shares = rows.shares
    factor = BASE_RATE / (1.0 - BASE_RATE) * shares[~abusive].sum()
    weights = np.where(abusive, shares * factor / shares[abusive].sum(), shares)
    folds = holdout.folds(rows.groups)
    return HeldOut(margins, rows.targets, weights, folds, np.ones(len(margins)))


def _counts(lesson: Lesson, rows: TrainingRows, unseen: TrainingRows) -> dict[str, int]:
    return {
        "worlds": len(lesson.worlds),
        "accounts": len(set(rows.frame.account_ids)),
        "abusive_accounts": rows.positives,
        "held_out_worlds": len(lesson.held_out),
        "held_out_accounts": len(set(unseen.frame.account_ids)),
        "held_out_abusive_accounts": unseen.positives,
    }
