"""How long a large bundle takes to load, and how much memory.

Simulates a full world where FOLDER holds none yet, cuts a bundle of its accounts (all
versions) and its first exchanges, and loads that with `import_bundle` into an empty
KYCRISK_HOME.

Example: KYCRISK_HOME=/tmp/bench .venv/bin/python bench/bundles.py /tmp/full
"""

import argparse
import json
import os
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import report
from commands import ROOT, manage

FEW = ("accounts.parquet", "customers.parquet")
KIB_A_GB = 1 << 20


def main() -> None:
    options = _options()
    world, cut = options.folder / "world", options.folder / "cut"
    if not (world / "bundle").exists():
        seed = str(options.seed)
        manage("simulate", str(world), "--tier", options.tier, "--seed", seed)
    _cut(world / "bundle", cut, options.rows)
    manage("refresh_reference", "--from", str(world / "bundle" / "reference"))
    began = time.monotonic()
    loaded = manage("import_bundle", str(cut))
    seconds = time.monotonic() - began
    usage = loaded["tables"]["usage"]["accepted"]
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "tables": loaded["tables"],
        "accounts": _accounts(cut),
        "seconds": round(seconds, 1),
        "exchanges_per_second": round(usage / seconds),
        "processor_seconds_without_postgres": round(spent.ru_utime + spent.ru_stime),
        "peak_gb": round(spent.ru_maxrss / KIB_A_GB, 2),
        "bytes": sum(path.stat().st_size for path in cut.iterdir()),
    }
    path = report.write("bundles", seed=options.seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the world is or will be")
    parser.add_argument("--tier", default="full", choices=("nano", "mini", "full"))
    parser.add_argument("--rows", type=int, default=16_000_000, help="exchanges")
    parser.add_argument("--seed", type=int, default=61)
    return parser.parse_args()


def _cut(bundle: Path, cut: Path, rows: int) -> None:
    """Write the bundle to load: some tables as they are, and the first exchanges."""
    shutil.rmtree(cut, ignore_errors=True)
    cut.mkdir(parents=True)
    for name in FEW:
        os.link(bundle / name, cut / name)
    with pq.ParquetFile(bundle / "usage.parquet") as file:
        writer = pq.ParquetWriter(cut / "usage.parquet", file.schema_arrow)
        for batch in _first(file, rows):
            writer.write_batch(batch)
        writer.close()


def _first(file: pq.ParquetFile, rows: int) -> Iterator[pa.RecordBatch]:
    left = rows
    for batch in file.iter_batches(batch_size=100_000):
        yield batch.slice(0, min(left, batch.num_rows))
        left -= batch.num_rows
        if left <= 0:
            return


def _accounts(cut: Path) -> int:
    ids = pq.read_table(cut / "accounts.parquet", columns=["account_id"])
    return len(ids["account_id"].unique())


if __name__ == "__main__":
    main()
