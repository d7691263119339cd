"""Trees that score only what they did not learn from."""

from typing import Final

import lightgbm as lgb
import numpy as np

FOLDS: Final = 5
OPTIONS: Final = {"objective": "binary", "num_leaves": 15, "verbose": -1, "seed": 1}


def out_of_fold(
    values: np.ndarray, mine: np.ndarray, fold: np.ndarray, trees: int
) -> np.ndarray:
    """Return scores [n] of rows by trees of the other folds; `mine` are the positive.

    Scores of different folds come from different models.
    """
    values, labels = values.astype(float), mine.astype(float)
    scores = np.zeros(len(mine))
    for one in range(FOLDS):
        train = fold != one
        data = lgb.Dataset(values[train], labels[train])
        scores[~train] = lgb.train(OPTIONS, data, trees).predict(values[~train])
    return scores
