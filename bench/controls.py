"""What carries no meaning must not tell rings from the honest, in worlds of a size.

Trees, out of fold by ring, over the bytes of ids, the order of rows, the pattern of
missing fields and the decimals of times; then over plain aggregates with the labels
permuted. An area under the curve of .5 means that nothing was found. The tests ask the
same of a nano world, where chance alone moves it by .09. Writes
bench/results/controls.json.

Example:
    .venv/bin/python bench/controls.py /tmp/worlds/mini-31 /tmp/worlds/mini-32

"""

import argparse
import sys
from pathlib import Path

import numpy as np
import polars as pl
import report
from folds import FOLDS, out_of_fold
from scipy.stats import rankdata

sys.path.insert(0, str(Path(__file__).parent.parent))
from ml.benchmark.aggregates import aggregates
from ml.evaluate import roc_auc
from ml.simulate.clock import DEFAULT_END

TREES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="+", type=Path)
    found = {world.name: _controls(world) for world in parser.parse_args().worlds}
    for world, areas in found.items():
        print(world, "  ".join(f"{name} {area:.3f}" for name, area in areas.items()))
    # accounts of a ring miss the same fields: one world alone says little
    names = next(iter(found.values()))
    mean = {
        name: float(np.mean([one[name] for one in found.values()])) for name in names
    }
    print("mean", "  ".join(f"{name} {area:.3f}" for name, area in mean.items()))
    print(report.write("controls", seed=0, figures=found | {"mean": mean}))


def _controls(world: Path) -> dict[str, float]:
    truth = pl.read_parquet(world / "truth" / "accounts.parquet")
    truth = truth.filter(pl.col("class") != "other-fraud")
    rows = pl.read_parquet(world / "bundle" / "accounts.parquet").with_row_index("row")
    first = rows.group_by("account_id", maintain_order=True).first()
    people = first.join(truth.select("account_id", "class", "ring"), on="account_id")
    mine = (people["class"] == "ring").to_numpy()
    fold = _folds(people["ring"])
    # rows stand by time: what their order adds is where they stand among neighbors
    order = people["row"].to_numpy() % 97
    inputs = {
        "ids": _bytes(people["account_id"]),
        "order": np.stack([order, order % 2], 1),
        "missing": np.stack(
            [people[name].is_null().to_numpy() for name in first.columns], 1
        ),
        "decimals": _decimals(people["created_at"]),
    }
    areas = {name: _area(mine, one, fold) for name, one in inputs.items()}
    known = aggregates(world / "bundle", DEFAULT_END)
    labels = np.zeros(len(known.account_ids), bool)
    labels[: int(mine.sum())] = True
    rng = np.random.default_rng(0)
    permuted = rng.permutation(labels)
    areas["permuted labels"] = _area(
        permuted, known.values, rng.integers(0, FOLDS, len(labels))
    )
    return areas


def _folds(rings: pl.Series) -> np.ndarray:
    """Keep a ring in one fold; the honest go anywhere."""
    rng = np.random.default_rng(0)
    of = {ring: int(rng.integers(0, FOLDS)) for ring in rings.drop_nulls().unique()}
    return np.array(
        [of[ring] if ring else int(rng.integers(0, FOLDS)) for ring in rings]
    )


def _bytes(ids: pl.Series) -> np.ndarray:
    return np.array([list(bytes.fromhex(one[4:])) for one in ids], float)


def _decimals(times: pl.Series) -> np.ndarray:
    micros = times.dt.epoch("us").to_numpy()
    parts = [micros % 10, micros % 1_000, micros % 1_000_000, micros // 10**6 % 60]
    return np.stack(parts, 1)


def _area(mine: np.ndarray, values: np.ndarray, fold: np.ndarray) -> float:
    scores = out_of_fold(values, mine, fold, TREES)
    ranks = np.zeros(len(mine))
    for one in range(FOLDS):  # scores of different models have no common scale
        ranks[fold == one] = rankdata(scores[fold == one]) / (fold == one).sum()
    return roc_auc(mine.astype(float), ranks)


if __name__ == "__main__":
    main()
