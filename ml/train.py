"""Learn a risk model from rows that were known at a cut-off; same input, same bytes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ml import calibrate, choose, dataset, holdout
from ml.calibrate import Calibration
from ml.dataset import TrainingRows
from ml.finish import counts, finished
from ml.manifest import Adaptation, Golden, Manifest, ModelFeature
from ml.model import RiskModel
from ml.prior import CORRECTIONS, begun, inputs, own_trees, taught
from ml.provenance import code_digest, libraries

Floats = NDArray[np.float64]

# 150 small trees explain a row in half a millisecond; the request path owes 5.
PARAMETERS: Final[dict[str, float | int | str | bool]] = {
    "objective": "binary",
    "trees": 150,
    "num_leaves": 15,
    "learning_rate": 0.06,
    "min_data_in_leaf": 20,
    "min_sum_hessian_in_leaf": 1.0,
    "lambda_l2": 1.0,
    "feature_fraction": 0.7,
    "feature_pre_filter": False,
    "max_bin": 255,
    "monotone_constraints_method": "basic",
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
}
# The prior's trees as they are, more trees after them, or others; the simplest first.
Way = Literal["as_is", "on", "anew"]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """`features` may be learnt from, in this order; `cutoff` is the as-of.

    `mutable` names those that read columns which can change (see ml.history);
    `adaptation` says whose accounts the rows are. Trees are taught what `prior` thinks
    of accounts without a label; without a prior, that these are honest. On the way
    `on` they are grown on what the prior's own trees leave wrong.
    """

    kind: str
    features: Sequence[dataset.LearnableFeature]
    mutable: frozenset[str]
    cutoff: datetime
    seed: int
    threads: int = 2
    parameters: dict[str, float | int | str | bool] = field(
        default_factory=lambda: dict(PARAMETERS)
    )
    adaptation: Adaptation = "trained"
    prior: RiskModel | None = None
    way: Way = "anew"

    @property
    def begins(self) -> RiskModel | None:
        """The model whose trees come first, if any."""
        return self.prior if self.way != "anew" else None

    @property
    def known(self) -> RiskModel | None:
        """The model whose trees are kept as they are, if any."""
        return self.prior if self.way == "as_is" else None

    @property
    def teacher(self) -> RiskModel | None:
        """The model that speaks to new trees for accounts without a label, if any."""
        return self.prior if self.way != "as_is" else None

    @property
    def learning(self) -> dict[str, float | int | str | bool]:
        """The parameters in force; of the trees that are grown, not of the prior's."""
        if self.known:
            return self.known.manifest.parameters
        soft = {"objective": "cross_entropy"} if self.prior else {}
        return self.parameters | soft | (CORRECTIONS if self.way == "on" else {})


def train(rows: TrainingRows, config: TrainConfig) -> RiskModel:
    """Grow trees on every account; calibrate and measure by trees that saw less.

    Trees grown on earlier accounts alone are asked about later ones: their answers
    give the calibration and the metrics, and, where there is a prior, whether to keep
    its trees, to go on from them or to grow others (ml.choose). The trees that are kept
    saw all accounts, because the newest rings teach most; they are taken to mean by a
    margin what the others mean. Raise ValueError where a class is absent; callers count
    labels first.
    """
    rows = dataset.without_history(rows, config.mutable)
    parts = dataset.split_by_time(rows)
    one, text = _taken(rows, attempts(rows, config, parts))
    bare = bare_model(one.config, rows, one.features, one.excluded, text)
    return finished(bare, one.calibration, one.metrics, counts(rows, *parts))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to learn, with how trees of earlier accounts do on later ones."""

    config: TrainConfig
    features: tuple[ModelFeature, ...]
    excluded: dict[str, str]
    values: Floats
    calibration: Calibration
    metrics: dict[str, Any]
    losses: choose.Losses | None


def attempts(
    rows: TrainingRows,
    config: TrainConfig,
    parts: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> list[Attempt]:
    """Learn each way from earlier accounts and ask later ones, the simplest first.

    `parts` comes from dataset.split_by_time. The trees of the results are still to be
    grown, on all accounts. ValueError as in `train`.
    """
    described, excluded = dataset.describe(rows, config.features)
    if not described or not _has_both(rows.targets):
        raise ValueError("Nothing to learn: no feature varies, or a class is absent.")
    return [
        _attempt(rows, way, described, excluded, parts) for way in _ways(rows, config)
    ]


def _ways(rows: TrainingRows, config: TrainConfig) -> list[TrainConfig]:
    """Return how to learn, the simplest first: by the prior's trees, where they may be.

    They may not where features are hidden because only their last value is known: the
    prior's trees would read it all the same.
    """
    if config.prior is None or rows.history_unknown.any():
        return [replace(config, way="anew")]
    return [replace(config, way=way) for way in ("as_is", "on", "anew")]


def _taken(rows: TrainingRows, tried: Sequence[Attempt]) -> tuple[Attempt, bytes]:
    """Return the simplest way that no other clearly beats, and its trees."""
    for one in tried:
        if not any(choose.clearly_better(o.losses, one.losses) for o in tried):
            break
    text = grow(one.values, rows, one.features, one.config)
    prior = one.config.prior
    if one.config.way == "on" and prior and not own_trees(text, prior):
        return tried[0], prior.text  # all accounts together give nothing to correct
    return one, text


def _attempt(
    rows: TrainingRows,
    config: TrainConfig,
    described: tuple[ModelFeature, ...],
    excluded: dict[str, str],
    parts: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Attempt:
    features = described
    if config.begins:
        features = inputs(described, rows, config.begins)
    if config.known:
        features = features[: len(config.known.manifest.features)]
    used = {feature.name for feature in features}
    excluded = {name: why for name, why in excluded.items() if name not in used}
    values = dataset.filled(rows, features)
    fit, late = parts
    found = _before(config, features, excluded, values)
    if not late.any() or not _has_both(rows.targets[fit]):
        return found
    early = grow(values[fit], rows.rows(fit), features, config)
    margins = bare_model(config, rows, features, excluded, early).margins(values)
    asked = holdout.held_out(rows, margins, late)
    found = replace(found, losses=choose.losses(rows.rows(late), margins[late]))
    if config.known:
        calibration, said = calibrate.read_again(found.calibration, asked)
        if calibration == found.calibration:
            return found
        found = replace(found, config=replace(config, adaptation="calibrated"))
    else:
        edges = holdout.bin_edges(margins[fit], rows.targets[fit])
        calibration = calibrate.fit(asked, edges)
        said = calibrate.left_out_probabilities(asked, calibration.method)
    return replace(found, calibration=calibration, metrics=holdout.measure(asked, said))


def _before(
    config: TrainConfig,
    features: tuple[ModelFeature, ...],
    excluded: dict[str, str],
    values: Floats,
) -> Attempt:
    """Return a way before later accounts were asked: as the prior is, or unread."""
    if config.known is None:
        calibration = calibrate.uncalibrated()
        return Attempt(config, features, excluded, values, calibration, {}, None)
    told = config.known.manifest
    config = replace(config, adaptation=told.adaptation)
    return Attempt(
        config, features, excluded, values, told.calibration, told.metrics, None
    )


def _has_both(targets: Floats) -> bool:
    return bool(targets.min(initial=1.0) < targets.max(initial=0.0))


def grow(
    values: Floats,
    rows: TrainingRows,
    features: Sequence[ModelFeature],
    config: TrainConfig,
) -> bytes:
    """Return the LightGBM text of trees grown on `values`, float64 [n, features].

    On the way `as_is` these are the prior's, letter for letter.
    """
    if config.known:
        return config.known.text
    # lightgbm takes seconds to import, and only training needs this half of it
    import lightgbm

    parameters: dict[str, Any] = dict(config.learning)
    trees = parameters.pop("trees")
    parameters |= {
        "seed": config.seed,
        "num_threads": config.threads,
        "verbosity": -1,
        "monotone_constraints": [feature.direction for feature in features],
    }
    data = lightgbm.Dataset(
        values,
        taught(rows, config.prior),
        weight=rows.weights,
        feature_name=[feature.name for feature in features],
        params=parameters,
    )
    first = begun(config.begins, features) if config.begins else None
    booster = lightgbm.train(parameters, data, num_boost_round=trees, init_model=first)
    # the appended parameters name threads, which must not change the model's hash
    text: str = booster.model_to_string()
    return text.replace(f"[num_threads: {config.threads}]", "[num_threads: 0]").encode()


def bare_model(
    config: TrainConfig,
    rows: TrainingRows,
    features: tuple[ModelFeature, ...],
    excluded: dict[str, str],
    text: bytes,
) -> RiskModel:
    """Wrap the trees before anything is known of their probabilities."""
    manifest = Manifest(
        kind=config.kind,
        columns=rows.frame.names,
        features=features,
        excluded=excluded,
        catalogue=rows.frame.catalogue,
        calibration=calibrate.uncalibrated(),
        text_sha256=hashlib.sha256(text).hexdigest(),
        text_bytes=len(text),
        cutoff=config.cutoff.isoformat(),
        seed=config.seed,
        data_digest=dataset.data_digest(rows),
        code_digest=code_digest(),
        libraries=libraries(),
        parameters=config.learning,
        rows={},
        metrics={},
        golden=Golden((), (), ()),
        adaptation=config.adaptation,
        prior=config.teacher.manifest.text_sha256 if config.teacher else "",
        goes_on=config.way == "on",
    )
    return RiskModel(manifest, text)
