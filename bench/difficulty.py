"""How hard worlds are for simple systems, before anything of the product is asked.

For each seed a world is written (unless the folder holds it), trees over account
aggregates learn the labels known on day 70 and are asked about rings that start later,
beside a volume limit, shared attributes and an oracle that averages the trees over true
rings; thresholds come from the honest of days 75 and 80. Then the best single aggregate
by level, and for some seeds the oracle on worlds without one trace. Writes
bench/results/difficulty.json.

Example:
    .venv/bin/python bench/difficulty.py /tmp/worlds --seeds 31,32,33,34,35

"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import report

sys.path.insert(0, str(Path(__file__).parent.parent))
from ml.benchmark import beside, columns_of, learn_beside, read_truth
from ml.benchmark.aggregates import aggregates
from ml.evaluate import roc_auc
from ml.simulate import simulate
from ml.simulate.clock import DAYS, DEFAULT_END
from ml.simulate.levels import TRACES
from ml.simulate.population import Variant

TRAINED, VALIDATION, TEST = 70, (75, 80), (100, 119)
# by when they were opened all late rings differ: that is the split, not a trace
CALENDAR = {"age_h", "newest_model"}
HIGH = ("L3", "L4", "L5", "L6")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the worlds are, or will be")
    parser.add_argument("--seeds", default="31,32,33,34,35")
    parser.add_argument("--tier", default="mini")
    parser.add_argument("--knock-out", default="", help="seeds, by comma")
    asked = parser.parse_args()
    seeds = [int(word) for word in asked.seeds.split(",")]
    without = [int(word) for word in asked.knock_out.split(",") if word]
    jobs = [(asked.folder, asked.tier, seed, seed in without) for seed in seeds]
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(seeds, pool.map(_world, jobs), strict=True))
    for seed, one in found.items():
        print(f"\nseed {seed}, recall at 0.1 %")
        for name, row in one["systems"].items():
            print(f"  {name:18}", _line(row))
        for name, (value, column) in one["single"].items():
            print(f"  best single of {name}: {column} {value:.3f}")
        for name, row in one["without"].items():
            print(f"  oracle without {name:12}", _line(row))
    figures = {"tier": asked.tier, "worlds": found}
    print(report.write("difficulty", seed=seeds[0], figures=figures))


def _line(row: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in row.items())


def _world(job: tuple[Path, str, int, bool]) -> dict[str, Any]:
    folder, tier, seed, knocked = job
    world = _written(folder / f"{tier}-{seed}", tier, seed)
    trees = learn_beside(world, _day(TRAINED))
    without = {}
    for trace in TRACES if knocked else ():
        other = _written(folder / f"{tier}-{seed}-{trace}", tier, seed, trace)
        without[trace] = _recall(trees, other)["oracle rings"]
    return {
        "systems": _recall(trees, world),
        "single": _single(world),
        "without": without,
    }


def _written(world: Path, tier: str, seed: int, trace: str | None = None) -> Path:
    if not (world / "truth" / "world.json").is_file():
        simulate(world, tier, seed, variant=Variant(without=trace))
    return world


def _day(number: int) -> datetime:
    return DEFAULT_END - timedelta(days=DAYS - number)


def _recall(trees: bytes, world: Path) -> dict[str, dict[str, float]]:
    """Return realised rate and recall in late rings of each system at 0.1 %."""
    early = _early(world)
    truth = [one for one in read_truth(world / "truth") if one.ring not in early]
    days = [_day(number) for number in VALIDATION], [_day(number) for number in TEST]
    found = {}
    columns = columns_of(trees, world, truth, *days)
    for name, one in beside(truth, columns).items():
        table = next(row for row in one["rates"] if row["rate"] == 0.001)
        levels = {level: share["value"] for level, share in table["recall"].items()}
        worst = max(table["look_alikes"].values(), key=lambda share: share["value"])
        found[name] = {"realised": table["realised"]["value"], **levels}
        found[name]["worst look-alike"] = worst["value"]
    return found


def _early(world: Path) -> set[str]:
    rows = pl.read_parquet(world / "truth" / "accounts.parquet")
    starts = rows.drop_nulls("ring").group_by("ring").agg(pl.col("work_from").min())
    return set(starts.filter(pl.col("work_from") < _day(TRAINED))["ring"])


def _single(world: Path) -> dict[str, tuple[float, str]]:
    """Return the best area under the curve of one aggregate, by level."""
    known = aggregates(world / "bundle", _day(DAYS - 1))
    people = {one.account_id: one for one in read_truth(world / "truth")}
    level = np.array([people[name].level or "" for name in known.account_ids])
    honest = np.array([people[name].honest for name in known.account_ids])
    found = {}
    for name in HIGH:
        chosen = honest | (level == name)
        mine = level[chosen] == name
        areas = [
            (
                _area(np.nan_to_num(known.column(column)[chosen], nan=-1e18), mine),
                column,
            )
            for column in set(known.names) - CALENDAR
        ]
        found[name] = max(areas)
    return found


def _area(values: np.ndarray, mine: np.ndarray) -> float:
    area = roc_auc(mine.astype(float), values)
    return max(area, 1 - area)


if __name__ == "__main__":
    main()
