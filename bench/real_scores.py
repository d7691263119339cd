"""How the real clients of bench/real_traces.py fare under models of a simulated world.

Loads the bundle and the real reference data into an empty KYCRISK_HOME, adopts and
promotes the models of another home (the demo's) or stays with the shipped starter,
assesses, and prints the scores by client size. With --models the two homes must share
KYCRISK_LOG_SIGNING_KEY and KYCRISK_PSEUDONYM_KEY, which this script takes from the
other home's keys.

Example: KYCRISK_HOME=/tmp/real-home .venv/bin/python bench/real_scores.py \
    ../shared/data /tmp/real --models /tmp/demo-home
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import report
from commands import manage

ROOT = Path(__file__).parent.parent
AS_OF = "2026-11-01T00:00:00Z"
KEYS = ("KYCRISK_LOG_SIGNING_KEY", "KYCRISK_PSEUDONYM_KEY")
FOLDERS = ("ip_intel", "email", "payments")
ASKED = ("review", "hold")


def main() -> None:
    options = _options()
    if options.models:
        for name in KEYS:
            os.environ[name] = (options.models / "keys" / name).read_text().strip()
    for folder in FOLDERS:
        manage("refresh_reference", "--from", str(options.data / folder), "--add")
    imported = manage("import_bundle", str(options.real / "bundle"))
    other = (options.models / "models").glob("mdl_*") if options.models else ()
    for folder in sorted(other):
        adopted = manage("adopt_model", str(folder))
        manage("promote", adopted["id"], "--no-approval")
    manage("assess", "--as-of", AS_OF, "--all")
    scores = options.real / "scores.parquet"
    manage("export_scores", "--as-of", AS_OF, str(scores))
    figures = {
        "models": str(options.models.name) if options.models else "starter",
        "rejected": sum(one["rejected"] for one in imported["tables"].values()),
        "clients": _by_size(options.real, scores),
        "explained": _explained(scores),
    }
    path = report.write("real_scores", seed=1, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the real data")
    parser.add_argument("real", type=Path, help="what bench/real_traces.py wrote")
    parser.add_argument("--models", type=Path, help="the other home")
    return parser.parse_args()


def _by_size(real: Path, scores: Path) -> list[dict]:
    """Return, by kind and size of client, how probable abuse is said to be."""
    clients = pl.read_csv(real / "truth" / "clients.csv")
    table = clients.join(pl.read_parquet(scores), on="account_id", how="left")
    groups = table.group_by("image", "size").agg(
        clients=pl.len(),
        median=pl.col("probability").median(),
        p95=pl.col("probability").quantile(0.95),
        highest=pl.col("probability").max(),
        observed=(pl.col("action") == "observe").sum(),
        reviewed=pl.col("action").is_in(ASKED).sum(),
        unassessed=pl.col("probability").is_null().sum(),
    )
    return groups.sort("image", "size").to_dicts()


def _explained(scores: Path) -> dict:
    table = pl.read_parquet(scores)
    counts = np.array([len(reasons) for reasons in table["reasons"].to_list()])
    return {"accounts": len(counts), "without_reason": int((counts == 0).sum())}


if __name__ == "__main__":
    main()
