"""What accounts without a label teach: the opinion of a model that was there before.

Most abuse never gets a label. Taken for honest, the accounts of a ring that nobody
found teach the trees that its ways are fine. Asked instead of a model that never saw
this site, they teach what it knows, until the site's own labels say otherwise
(positive-unlabelled learning with soft targets; Hinton, Vinyals and Dean 2015 on
distillation).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.dataset import TrainingRows
from ml.model import RiskModel

Floats = NDArray[np.float64]

# What such an account weighs beside a labelled one: an opinion says more than silence
# (dataset.UNLABELLED_WEIGHT), and less than a person who looked.
OPINION_WEIGHT: Final = 0.6


def taught(rows: TrainingRows, prior: RiskModel | None) -> tuple[Floats, Floats]:
    """Return what trees are to say of each row, in [0, 1], and how much a row weighs.

    That is its label, or what the prior says of it. Without a prior an account without
    label counts as honest.
    """
    unknown = np.isnan(rows.labels)
    if prior is None or not unknown.any():
        return rows.targets, rows.weights
    targets = rows.targets.copy()
    margins = prior.margins(prior.values(rows.frame.rows(unknown)))
    read = prior.manifest.calibration.probability
    targets[unknown] = [read(margin) for margin in margins.tolist()]
    return targets, rows.weighed(OPINION_WEIGHT)
