"""How a site's trees go on from a model that was there before.

A few hundred labels cannot teach again what the starter knows of campaigns that no
reviewer here has met. So the prior's trees stay as they are, and where that
is clearly better (ml.choose) the site's own are grown on what they leave wrong
(Friedman 2001: boosting is a sum of corrections). The sum is one model, and its
contributions are exact as ever. Directions are fixed, so more trees can add to what the
prior makes of a feature and never take it back: where that is wrong at a site, trees
grown anew do better on its later labels, and are taken.

Most abuse never gets a label. Taken for honest, the accounts of a ring that nobody
found would teach that its ways are fine. What has no label teaches what the prior says
of it instead (positive-unlabelled learning with soft targets; Hinton, Vinyals and Dean
2015 on distillation).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ml import dataset
from ml.dataset import TrainingRows
from ml.manifest import ModelFeature
from ml.model import RiskModel

Floats = NDArray[np.float64]

_TREE: Final = b"\nTree="
# Trees beside those of the prior: few, small, each of many accounts. On two simulated
# sites (70 and 470 abusive accounts labelled) a hundred of fifteen leaves lost what the
# prior knew of rings that no label told of, more than they learned.
CORRECTIONS: Final[dict[str, float | int | str | bool]] = {
    "trees": 60,
    "num_leaves": 4,
    "min_data_in_leaf": 50,
    "lambda_l2": 50.0,
}


def taught(rows: TrainingRows, prior: RiskModel | None) -> Floats:
    """Return what trees are to say of each row, in [0, 1]: its label, or the prior's.

    Without a prior an account without label counts as honest.
    """
    unknown = np.isnan(rows.labels)
    if prior is None or not unknown.any():
        return rows.targets
    targets = rows.targets.copy()
    margins = prior.margins(prior.values(rows.frame.rows(unknown)))
    # of the margin itself, not of its calibrated reading: where a tree changes nothing
    # there is nothing to correct
    targets[unknown] = 1.0 / (1.0 + np.exp(-margins))
    return targets


def inputs(
    features: Sequence[ModelFeature], rows: TrainingRows, prior: RiskModel
) -> tuple[ModelFeature, ...]:
    """Return the inputs of both: the prior's in its order, then what the site adds.

    What is missing is filled with what speaks least of abuse, there or here, so that it
    raises no score. Percentiles are the site's where it has any value at all.
    """
    here = {feature.name: feature for feature in features}
    first = []
    for one in prior.manifest.features:
        found = here.pop(one.name, None) or _constant(one, rows)
        fill = one.fill
        if found is not None:
            fill = dataset.mildest([one.fill, found.fill], one.direction)
        first.append(msgspec.structs.replace(found or one, fill=fill))
    return (*first, *here.values())


def _constant(feature: ModelFeature, rows: TrainingRows) -> ModelFeature | None:
    """Describe what is the same for every account here; None where nobody has it."""
    column = rows.frame.column(feature.name)
    known = column[np.isfinite(column)]
    if not len(known):
        return None
    value = float(known[0])
    grid = (value,) * len(feature.grid)
    return msgspec.structs.replace(feature, fill=value, grid=grid)


def own_trees(text: bytes, prior: RiskModel) -> int:
    """Return how many trees a text has beside those of the prior it goes on from."""
    return text.count(_TREE) - prior.text.count(_TREE)


def begun(prior: RiskModel, features: Sequence[ModelFeature]) -> Any:
    """Return the LightGBM Booster to go on from, told of all columns of the rows.

    `features` are those of `inputs`. LightGBM compares widths: to a prior that knows
    fewer columns the others are named, as inputs that none of its trees asks.
    """
    import lightgbm  # takes seconds, and only training needs this half of it

    more = features[len(prior.manifest.features) :]
    heading, tree, trees = prior.text.decode().partition(_TREE.decode())
    lines = [_widened(line, more) for line in heading.split("\n")]
    return lightgbm.Booster(model_str="\n".join(lines) + tree + trees)


def _widened(line: str, more: Sequence[ModelFeature]) -> str:
    """Add columns to one line of the heading of a LightGBM text."""
    key, given, value = line.partition("=")
    if key == "max_feature_idx":
        return f"{key}={int(value) + len(more)}"
    added = {
        "feature_names": [one.name for one in more],
        "feature_infos": ["none"] * len(more),
        "monotone_constraints": [str(one.direction) for one in more],
    }.get(key, [])
    return key + given + " ".join([value, *added])
