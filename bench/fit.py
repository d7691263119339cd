"""How far worlds are from real traffic: Kolmogorov-Smirnov distances, a discriminator.

Busy honest accounts (200 requests a day or more, three fortnights of each world)
against the text clients of ServeGen; free conversations and code against the traces of
Azure. The discriminator is boosted trees over rate, hours awake, unevenness and tokens,
out of fold. Writes bench/results/fit.json. Real data comes from KYCRISK_SHARED_DATA, or
from shared/data beside the project.

Example:
    .venv/bin/python bench/fit.py /tmp/worlds/mini-31 /tmp/worlds/mini-32

"""

import argparse
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import report
from commands import published
from folds import FOLDS, out_of_fold
from scipy.stats import ks_2samp

sys.path.insert(0, str(Path(__file__).parent.parent))
from ml.evaluate import roc_auc
from ml.simulate.clock import DAYS, DEFAULT_END

HOURS, LEAST_DAILY, TREES = 14 * 24, 200, 100
FORTNIGHTS = (20, 60, 100)
TEXT = ("language", "reason")
OF_CLIENTS = ("rate", "awake", "variation", "input", "output")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="+", type=Path)
    worlds = parser.parse_args().worlds
    traces = published() / "llm_traces"
    real = _clients(traces)
    made = pl.concat([_busy(world, day) for world in worlds for day in FORTNIGHTS])
    found = {name: _distance(real[name], made[name]) for name in OF_CLIENTS}
    for kind, category in (("conv", "chat"), ("code", "code")):
        rows = pl.concat([_free(world, category) for world in worlds])
        trace = pl.read_csv(traces / f"AzureLLMInferenceTrace_{kind}.csv")
        for side, column in (("input", "ContextTokens"), ("output", "GeneratedTokens")):
            name = f"{category}, {side} tokens"
            found[name] = _distance(trace[column], rows[f"{side}_tokens"])
    area = _discriminator(real, made)
    for name, value in found.items():
        print(f"{name:22} KS {value:.3f}")
    print(f"{len(real)} real clients, {len(made)} made; discriminator AUC {area:.3f}")
    figures = {"distances": found, "discriminator": area, "made": len(made)}
    print(report.write("fit", seed=0, figures=figures | {"worlds": len(worlds)}))


def _distance(real: pl.Series, made: pl.Series) -> float:
    return float(ks_2samp(real.drop_nulls(), made.drop_nulls()).statistic)


def _clients(traces: Path) -> pl.DataFrame:
    """Return the real clients: a row each, in the columns of OF_CLIENTS."""
    rates = pl.read_parquet(traces / "servegen_client_rates.parquet")
    rates = rates.filter(pl.col("category").cast(pl.String).is_in(TEXT))
    who = pl.col("model").cast(pl.String), pl.col("client").cast(pl.Int64)
    hours = rates.group_by(*who, hour=pl.col("t") // 3600).agg(
        requests=(pl.col("rate") * 600).sum()
    )
    clients = hours.group_by("model", "client").agg(*_law(pl.len()))
    stats = pl.read_parquet(traces / "servegen_client_token_stats.parquet")
    tokens = stats.group_by(*who).agg(
        input=pl.col("input_tokens_p50").median(),
        output=pl.col("output_tokens_p50").median(),
    )
    clients = clients.join(tokens, on=["model", "client"], how="left")
    return clients.filter(pl.col("rate") >= LEAST_DAILY).select(OF_CLIENTS)


def _law(hours: pl.Expr) -> list[pl.Expr]:
    """Return rate, share of hours awake and variation over so many hours."""
    requests = pl.col("requests")
    mean = requests.sum() / hours
    square = requests.cast(pl.Float64).pow(2).sum() / hours
    return [
        (mean * 24).alias("rate"),
        ((requests >= 1).sum() / hours).alias("awake"),
        ((square - mean**2).clip(0).sqrt() / mean).alias("variation"),
    ]


def _busy(world: Path, day: int) -> pl.DataFrame:
    """Return the same of a world's busy honest accounts, in one fortnight."""
    start = DEFAULT_END - timedelta(days=DAYS - day)
    rows = pl.scan_parquet(world / "bundle" / "usage_window.parquet").filter(
        pl.col("window_start").is_between(
            start, start + timedelta(hours=HOURS), closed="left"
        )
    )
    found = rows.join(_honest(world), on="account_id", how="semi")
    law = found.group_by("account_id").agg(
        *_law(pl.lit(HOURS)),
        input=pl.col("input_p50").median(),
        output=pl.col("output_p50").median(),
    )
    return law.filter(pl.col("rate") >= LEAST_DAILY).select(OF_CLIENTS).collect()


def _honest(world: Path) -> pl.LazyFrame:
    people = pl.scan_parquet(world / "truth" / "accounts.parquet")
    return people.filter(pl.col("class") == "honest").select("account_id")


def _free(world: Path, category: str) -> pl.DataFrame:
    """Return the exchanges of honest accounts that no wrapper stands around."""
    rows = pl.scan_parquet(world / "bundle" / "usage.parquet")
    rows = rows.join(_honest(world), on="account_id", how="semi")
    # an answer that failed has no length
    kept = rows.filter(
        pl.col("category") == category,
        pl.col("scaffold").is_null(),
        pl.col("status") == 200,
    )
    return kept.select("input_tokens", "output_tokens").collect()


def _discriminator(real: pl.DataFrame, made: pl.DataFrame) -> float:
    """Return how well trees tell real clients from made ones, out of fold."""
    both = pl.concat([one.cast(pl.Float64) for one in (real, made)])
    values = both.fill_null(np.nan).to_numpy()
    known = ~np.isnan(values[:, OF_CLIENTS.index("input")])
    # the least answer of the traces is one token, where a world has none below
    values = np.maximum(values[known], 1e-3)
    labels = (np.arange(len(known)) < len(real))[known]
    fold = np.random.default_rng(0).integers(0, FOLDS, len(labels))
    return roc_auc(labels.astype(float), out_of_fold(values, labels, fold, TREES))


if __name__ == "__main__":
    main()
