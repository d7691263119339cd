"""Three systems to beat: a volume limit, shared attributes, trees over aggregates."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.benchmark.aggregates import SHARED, Aggregates

ABUSE: Final = ("confirmed_abuse", "chargeback")
_TREES: Final = 150
PLAIN: Final = {
    "objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "verbose": -1,
    "num_threads": 2, "seed": 1, "deterministic": True, "force_col_wise": True,
}  # fmt: skip
_HALF_OF_THE_COLUMNS: Final = {"feature_fraction": 0.5}


def volume(known: Aggregates) -> dict[str, float]:
    """Score by requests a day: what a rate limit sees."""
    asked = np.nan_to_num(known.column("rows"))
    asked += np.nan_to_num(known.column("window_requests"))
    days = np.maximum(known.column("age_h") / 24, 1)
    return _scores(known, asked / days)


def shared_attributes(known: Aggregates) -> dict[str, float]:
    """Score by how many others share an address, a device, a card, a phone, a flat."""
    counts = [np.log(known.column(f"sharing_{name}")) for name in SHARED]
    return _scores(known, np.sum(counts, 0))


def learn(known: Aggregates, labels: Mapping[str, bool]) -> bytes:
    """Fit trees to the aggregates of accounts with a label: abusive or not, by id."""
    import lightgbm as lgb  # slow to load

    rows = [at for at, name in enumerate(known.account_ids) if name in labels]
    abusive = np.array([labels[known.account_ids[at]] for at in rows], float)
    data = lgb.Dataset(known.values[rows], abusive)
    return (
        lgb.train(PLAIN | _HALF_OF_THE_COLUMNS, data, _TREES).model_to_string().encode()
    )


def predict(model: bytes, known: Aggregates) -> dict[str, float]:
    import lightgbm as lgb  # slow to load

    booster = lgb.Booster(model_str=model.decode())
    margins = booster.predict(known.values, raw_score=True, num_threads=2)
    return _scores(known, np.asarray(margins, float))


def known_labels(bundle: Path, as_of: datetime) -> dict[str, bool]:
    """Return whether the last label of each account known at `as_of` says abuse.

    What was found inconclusive is no label. Accounts nobody looked at have none either:
    to take them for honest teaches trees to overlook what was missed.
    """
    import polars as pl  # the benchmark's own need

    rows = pl.read_parquet(bundle / "outcomes.parquet")
    rows = rows.filter(pl.col("known_at") <= as_of, pl.col("label") != "inconclusive")
    last = rows.sort("known_at").group_by("account_id", maintain_order=True).last()
    return {name: label in ABUSE for name, label in last["account_id", "label"].rows()}


def _scores(known: Aggregates, values: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(known.account_ids, values.tolist(), strict=True))


def highest(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Return the greater of two scores of each account."""
    return {name: max(value, other.get(name, value)) for name, value in one.items()}
