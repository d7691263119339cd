"""A small invented world: ten features, rings, labels that are partly unknown."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ml.dataset import TrainingRows
from ml.features.feature import Feature, Floor
from ml.frames import FeatureFrame
from ml.manifest import public_key, signing_key
from ml.train import TrainConfig, train

CUTOFF = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = bytes(range(32))
DIRECTIONS = (1, 1, -1, 0, 1, -1, 0, 1, 1, 0)
FAMILIES = ("IDN", "IDN", "IDN", "PAY", "NET", "NET", "VOL", "LNK", "LNK", "RHY")


def feature(at: int, **changes):
    family = FAMILIES[at]
    fields = {
        "name": f"number_{at}_count",
        "family": family,
        "code": f"{family}-{at + 1:02}",
        "group": "entry",
        "unit": "count",
        "window": "all",
        "direction": DIRECTIONS[at],
        "label": f"Number {at}",
        "analyst_text": f"Number {at} is {{value}}.",
        "misleads": "never",
        "missing": "not told",
        "value": lambda facts: facts,
        "customer_safe_key": "identity_details" if at == 1 else None,
        "floor": Floor("exchanges", 200) if at == 9 else None,
    }
    return Feature(**(fields | changes))


CATALOGUE = tuple(feature(at) for at in range(10))
NAMES = tuple(one.name for one in CATALOGUE)


def world(seed: int = 0, n: int = 1500, *, missing: float = 0.1) -> TrainingRows:
    """Return rows whose label depends on numbers 0, 1, 2, 7 and an interaction."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 10))
    values[:, 7:9] = rng.poisson(1.0, size=(n, 2))
    hidden = values[:, 0] + values[:, 1] - values[:, 2] + 0.8 * values[:, 7]
    hidden = hidden + values[:, 3] * values[:, 6] + rng.logistic(size=n)
    labels = (hidden > np.quantile(hidden, 0.85)).astype(np.float64)
    labels[rng.random(n) < 0.3] = np.nan
    values[rng.random(values.shape) < missing] = np.nan
    ids = tuple(f"a{at:05}" for at in range(n))
    groups = np.array(ids, dtype=object)
    groups[labels == 1.0] = [
        f"ring{at}" for at in rng.integers(0, 60, np.sum(labels == 1.0))
    ]
    return TrainingRows(
        FeatureFrame(ids, NAMES, values, np.ones(n, dtype=bool), "catalogue1"),
        labels,
        np.ones(n),
        np.ones(n),
        groups,
        np.sort(rng.uniform(0.0, 60 * 86400.0, n)),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
    )


def config(**changes) -> TrainConfig:
    fields = {
        "kind": "entry",
        "features": CATALOGUE,
        "mutable": frozenset(),
        "cutoff": CUTOFF,
        "seed": 5,
        "threads": 1,
    }
    return TrainConfig(**(fields | changes))


@pytest.fixture(scope="session")
def rows():
    return world()


@pytest.fixture(scope="session")
def model(rows):
    return train(rows, config())


@pytest.fixture(scope="session")
def keys():
    return signing_key(SECRET), public_key(SECRET)
