"""How a site's trees go on from a model that was there before.

A few hundred labels cannot teach again what the starter knows of campaigns that no
reviewer here has met. So the prior's trees stay as they are, and the site's own are
grown on what they leave wrong (Friedman 2001: boosting is a sum of corrections). The
sum is one model, and its contributions are exact as ever.

Most abuse never gets a label. Taken for honest, the accounts of a ring that nobody
found would teach that its ways are fine. What has no label teaches what the prior says
of it instead, so it holds the trees where no label moves them (positive-unlabelled
learning with soft targets; Hinton, Vinyals and Dean 2015 on distillation).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ml.dataset import TrainingRows
from ml.manifest import ModelFeature
from ml.model import RiskModel

Floats = NDArray[np.float64]

# An opinion is a target between 0 and 1; the trees are beside those of the prior.
LEARNING: Final[Mapping[str, float | int | str | bool]] = {
    "objective": "cross_entropy",
    "trees": 100,
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
    features: Sequence[ModelFeature], prior: RiskModel | None
) -> tuple[ModelFeature, ...]:
    """Return the inputs of both: the prior's in its order, then what the site adds.

    What is missing is filled as the prior learned it, or its trees would say something
    else here than what they were measured by. Percentiles are the site's, where it has
    any.
    """
    if prior is None:
        return tuple(features)
    here = {feature.name: feature for feature in features}
    first = [
        msgspec.structs.replace(here.pop(one.name, one), fill=one.fill)
        for one in prior.manifest.features
    ]
    return (*first, *here.values())


def begun(prior: RiskModel | None) -> Any:
    """Return what LightGBM goes on from: a Booster, or None."""
    if prior is None:
        return None
    import lightgbm  # takes seconds, and only training needs this half of it

    return lightgbm.Booster(model_str=prior.text.decode())
