"""Learn a risk model from rows that were known at a cut-off; same input, same bytes."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml import calibrate, dataset, evaluate
from ml.calibrate import Calibration, HeldOut
from ml.dataset import TrainingRows
from ml.manifest import Adaptation, Golden, Manifest, ModelFeature
from ml.model import RiskModel, libraries
from ml.prior import LEARNING, begun, inputs, taught

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
GOLDEN_ROWS: Final = 50
AUDITS_TO_CALIBRATE: Final = 30  # of each class; then audits alone are the base rate
CODE: Final = ("calibrate", "dataset", "frames", "intervals", "model", "prior", "train")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """`features` may be learnt from, in this order; `cutoff` is the as-of.

    `mutable` names those that read columns which can change (see ml.history);
    `adaptation` says whose accounts the rows are. The trees go on from those of `prior`
    and are taught what it thinks of accounts without a label; without a prior, that
    these are honest.
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

    @property
    def learning(self) -> dict[str, float | int | str | bool]:
        """The parameters in force; of the trees that are grown, not of the prior's."""
        return self.parameters | (dict(LEARNING) if self.prior else {})


def train(rows: TrainingRows, config: TrainConfig) -> RiskModel:
    """Grow trees on every account; calibrate and measure by trees that saw less.

    Trees grown on earlier accounts alone are asked about later ones: their answers
    give the calibration and the metrics. The trees that are kept saw all accounts,
    because the newest rings teach most; they are taken to mean by a margin what the
    others mean. Raise ValueError where a class is absent; callers count labels first.
    """
    rows = dataset.without_history(rows, config.mutable)
    features, excluded = dataset.describe(rows, config.features)
    if not features or not _has_both(rows.targets):
        raise ValueError("Nothing to learn: no feature varies, or a class is absent.")
    features = inputs(features, config.prior)
    used = {feature.name for feature in features}
    excluded = {name: why for name, why in excluded.items() if name not in used}
    values = dataset.filled(rows, features)
    text = grow(values, rows, features, config)
    fit, late = dataset.split_by_time(rows)
    calibration, metrics = calibrate.uncalibrated(), dict[str, Any]()
    if late.any() and _has_both(rows.targets[fit]):
        early = grow(values[fit], rows.rows(fit), features, config)
        margins = bare_model(config, rows, features, excluded, early).margins(values)
        edges = bin_edges(margins[fit], rows.targets[fit])
        held_out = _held_out(rows, margins, late)
        calibration = calibrate.fit(held_out, edges)
        said = calibrate.left_out_probabilities(held_out, calibration.method)
        metrics = measure(held_out, said)
    bare = bare_model(config, rows, features, excluded, text)
    return finished(bare, calibration, metrics, _counts(rows, fit, late))


def _has_both(targets: Floats) -> bool:
    return bool(targets.min(initial=1.0) < targets.max(initial=0.0))


def grow(
    values: Floats,
    rows: TrainingRows,
    features: Sequence[ModelFeature],
    config: TrainConfig,
) -> bytes:
    """Return the LightGBM text of trees grown on `values`, float64 [n, features]."""
    # lightgbm takes seconds to import, and only training needs this half of it
    import lightgbm

    parameters: dict[str, Any] = dict(config.learning)
    trees = parameters.pop("trees")
    parameters |= {
        "seed": config.seed,
        "num_threads": config.threads,
        "verbosity": -1,
        # the rows have columns that a prior's trees do not know
        "predict_disable_shape_check": config.prior is not None,
        "monotone_constraints": [feature.direction for feature in features],
    }
    data = lightgbm.Dataset(
        values,
        taught(rows, config.prior),
        weight=rows.weights,
        feature_name=[feature.name for feature in features],
        params=parameters,
    )
    first = begun(config.prior)
    booster = lightgbm.train(parameters, data, num_boost_round=trees, init_model=first)
    # the appended parameters name threads, which must not change the model's hash
    text: str = booster.model_to_string()
    return text.replace(f"[num_threads: {config.threads}]", "[num_threads: 0]").encode()


def bin_edges(margins: Floats, targets: Floats) -> Floats:
    """Cut the margin where the trees' own accounts lie, finer where abuse is."""
    everyone = np.quantile(margins, np.linspace(0.0, 1.0, 25)[1:-1])
    abuse = np.quantile(margins[targets == 1.0], np.linspace(0.0, 1.0, 13)[1:-1])
    return np.unique(np.concatenate([everyone, abuse]))


def _held_out(rows: TrainingRows, margins: Floats, late: NDArray[np.bool_]) -> HeldOut:
    """Choose the accounts that set the base rate.

    Random audits alone where there are enough: every other label was looked for.
    """
    audited = late & (rows.audited > 0.0) & ~np.isnan(rows.labels)
    rarer = min(np.sum(rows.labels[audited] == each) for each in (0.0, 1.0))
    enough = rarer >= AUDITS_TO_CALIBRATE
    part = rows.rows(audited if enough else late)
    return HeldOut(
        margins[audited if enough else late],
        part.targets,
        part.audit_weights if enough else part.shares,
        folds(part.groups),
        np.where(np.isnan(part.labels), dataset.COVERAGE * part.trust, 1.0),
    )


def folds(groups: NDArray[np.object_]) -> NDArray[np.int64]:
    """Deal whole groups into folds by their name's hash."""
    return np.array(
        [
            hashlib.sha256(str(group).encode()).digest()[0] % calibrate.FOLDS
            for group in groups.tolist()
        ],
        dtype=np.int64,
    )


def measure(held_out: HeldOut, said: Floats) -> dict[str, Any]:
    """Describe the model on accounts that it did not see; `said` are probabilities.

    What has no label counts as honest here, so these numbers are pessimistic.
    """
    labels, margins, weights = held_out.labels, held_out.margins, held_out.weights
    if not len(labels) or not labels.any():
        return {"note": "no labelled abuse among later accounts"}
    recalls = {}
    for name, rate in (("recall_at_1pct_fpr", 0.01), ("recall_at_5pct_fpr", 0.05)):
        honest, abusive = labels == 0.0, labels == 1.0
        threshold = evaluate.threshold_at(margins[honest], rate, weights[honest])
        found = evaluate.weighted_share(margins[abusive] > threshold, weights[abusive])
        recalls[name] = {"value": found.value, "low": found.low, "high": found.high}
    bins = evaluate.calibration_bins(labels, said, weights)
    numbers: dict[str, Any] = {
        "pr_auc": evaluate.pr_auc(labels, margins, weights),
        "roc_auc": evaluate.roc_auc(labels, margins, weights),
        "brier": evaluate.brier(labels, said, weights),
        "log_loss": evaluate.log_loss(labels, said, weights),
        "calibration_error": evaluate.calibration_error(labels, said, weights),
        "base_rate": float(np.average(labels, weights=weights)),
    }
    table = [
        {"predicted": b.predicted, "observed": b.observed, "weight": b.weight}
        for b in bins
    ]
    return _finite(numbers) | recalls | {"calibration_table": table}


def _finite(numbers: dict[str, float]) -> dict[str, Any]:
    return {k: v if math.isfinite(v) else None for k, v in numbers.items()}


def _counts(
    rows: TrainingRows, fit: NDArray[np.bool_], late: NDArray[np.bool_]
) -> dict[str, int]:
    unknown = int(np.sum(rows.history_unknown))
    return {
        "fit_rows": int(fit.sum()),
        "fit_positives": rows.rows(fit).positives,
        "late_rows": int(late.sum()),
        "late_positives": rows.rows(late).positives,
        "unlabelled_rows": int(np.isnan(rows.labels).sum()),
        "history_unknown_rows": unknown,
    }


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
        prior=config.prior.manifest.text_sha256 if config.prior else "",
    )
    return RiskModel(manifest, text)


def finished(
    bare: RiskModel,
    calibration: Calibration,
    metrics: dict[str, Any],
    counts: dict[str, int],
) -> RiskModel:
    """Add how margins are read, how good they are, and what a sound load answers."""
    import msgspec

    manifest = msgspec.structs.replace(
        bare.manifest,
        calibration=calibration,
        metrics=metrics,
        rows=counts,
        golden=golden(bare),
    )
    return RiskModel(manifest, bare.text)


def golden(model: RiskModel) -> Golden:
    """Invent accounts by mixing percentiles of each feature; no real one is kept."""
    rng = np.random.default_rng(model.manifest.seed)
    grids = np.array([feature.grid for feature in model.manifest.features])
    picks = rng.integers(0, grids.shape[1], size=(GOLDEN_ROWS, len(grids)))
    rows = np.take_along_axis(grids, picks.T, axis=1).T
    answer = model.predict(rows)
    return Golden(
        tuple(map(tuple, rows.tolist())),
        tuple(answer.margins.tolist()),
        tuple(map(tuple, answer.contributions.tolist())),
    )


def code_digest() -> str:
    """Return the SHA-256 of the code that turns rows into a model."""
    state = hashlib.sha256()
    for name in CODE:
        state.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return state.hexdigest()
