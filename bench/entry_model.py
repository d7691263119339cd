"""What one row costs the shipped models: margin with contributions, in this process.

A sign-up waits for one row of the entry model. Rows are drawn feature by feature from
what the model learnt from, a tenth of the values missing; each is asked about alone, as
the endpoint does. By the clock, after a hundred rows that are not counted.

Example: .venv/bin/python bench/entry_model.py --seed 1
"""

import argparse
import json
import time

import numpy as np
import report
from commands import ROOT, ready

ROWS, UNCOUNTED, MISSING = 5000, 100, 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    ready(database=False)
    figures = {kind: _cost(kind, seed) for kind in ("entry", "activity")}
    path = report.write("entry_model", seed=seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")


def _cost(kind: str, seed: int) -> dict[str, float]:
    """Return milliseconds of `predict` for one row of the shipped model."""
    from ml.features import catalogue_hash
    from ml.starter.shipped import shipped

    model = shipped(kind, catalogue=catalogue_hash())
    rng = np.random.default_rng(seed)
    count = ROWS + UNCOUNTED
    columns = [
        rng.choice(one.grid or (one.fill,), count) for one in model.manifest.features
    ]
    values = np.column_stack(columns)
    values[rng.random(values.shape) < MISSING] = np.nan
    spent = []
    for at in range(count):
        start = time.perf_counter()
        model.predict(values[at : at + 1])
        spent.append(1000 * (time.perf_counter() - start))
    p50, p95, p99 = np.percentile(spent[UNCOUNTED:], [50, 95, 99])
    return {"p50_ms": round(p50, 3), "p95_ms": round(p95, 3), "p99_ms": round(p99, 3)}


if __name__ == "__main__":
    main()
