"""The columns beside each result: what simple systems reach, and what an oracle does.

The oracle is told who belongs together, by the truth, and averages the trees' margins
over each ring. Honest accounts stand in chance groups of the median ring's size. It
says what perfect grouping would add to the same features; nobody could run it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.benchmark import baselines
from ml.benchmark.aggregates import aggregates
from ml.benchmark.ahead import ORACLE, Column
from ml.benchmark.judge import judge
from ml.benchmark.read import Account, Export, Scores

_FEWEST: Final = 8  # accounts in a chance group


def learn_beside(world: Path, as_of: datetime) -> bytes:
    """Fit the trees on one world, with the labels known at `as_of`."""
    known = aggregates(world / "bundle", as_of)
    return baselines.learn(known, baselines.known_labels(world / "bundle", as_of))


def beside(truth: Sequence[Account], columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return the figures of each column, judged as the system is."""
    return {name: judge(truth, *one) for name, one in columns.items()}


def columns_of(
    trees: bytes,
    world: Path,
    truth: Sequence[Account],
    validation: Sequence[datetime],
    test: Sequence[datetime],
) -> dict[str, Column]:
    """Return what each column says of every account on the system's own days."""
    groups = _groups(truth)
    found: dict[str, dict[datetime, Export]] = defaultdict(dict)
    for as_of in (*validation, *test):
        known = aggregates(world / "bundle", as_of)
        margins = baselines.predict(trees, known)
        scores = {
            "volume": baselines.volume(known),
            "shared attributes": baselines.shared_attributes(known),
            "trees": margins,
            ORACLE: _averaged(margins, groups),
        }
        for name, one in scores.items():
            found[name][as_of] = Export(as_of, one)
    return {
        name: ([exports[day] for day in validation], [exports[day] for day in test])
        for name, exports in found.items()
    }


def _groups(truth: Sequence[Account]) -> dict[str, str]:
    """Return the real ring of ring accounts, a chance group of everybody else."""
    groups = {one.account_id: one.ring for one in truth if one.ring}
    others = [one.account_id for one in truth if not one.ring]
    others.sort(key=lambda name: sha256(name.encode()).digest())
    sizes = sorted(Counter(groups.values()).values())
    usual = max(_FEWEST, sizes[len(sizes) // 2] if sizes else 0)
    chance = {name: f"chance {at // usual}" for at, name in enumerate(others)}
    return groups | chance


def _averaged(scores: Mapping[str, float], groups: Mapping[str, str]) -> Scores:
    """Give every account the mean score of its group; who is in none stands alone."""
    names = list(scores)
    own = [groups.get(name, name) for name in names]
    _, where = np.unique(own, return_inverse=True)
    values = np.fromiter(scores.values(), float)
    mean = np.bincount(where, values) / np.bincount(where)
    return dict(zip(names, mean[where].tolist(), strict=True))
