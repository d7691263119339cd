"""Turn real traces of model APIs into bundles that the importer takes.

422 clients of ServeGen become accounts with hourly windows; the Azure and Mooncake
traces become one account each with single exchanges, since they do not say who called.
What the traces do not say stays out of the bundle: missing is a value. Only addresses
are drawn: 80 % from hosting and 20 % from business ranges of the real lists, or all
from household networks with --residential.

Example: .venv/bin/python bench/real_traces.py ../shared/data /tmp/real
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from trace_addresses import draw_addresses

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from ml.simulate import write  # noqa: E402 - the repository is no installed package
from ml.simulate.seeds import mix, names_of  # noqa: E402 - as above

HOUR_S = 3600
WINDOW_S = 600
IMAGE_POOL = "mm-image"
# (name, requests a day from which it counts)
SIZES = (("tiny", 0), ("small", 200), ("medium", 5_000), ("large", 100_000))


def main() -> None:
    options = _options()
    rng = np.random.default_rng(options.seed)
    traces = options.data / "llm_traces"
    end = datetime(2026, 11, 1, tzinfo=UTC)
    clients = _clients(traces)
    others = ["azure-code", "azure-conv", "mooncake-conversation"]
    ids = clients["account_id"].to_list() + others
    drawn = draw_addresses(
        options.data / "ip_intel", rng, len(ids), residential=options.residential
    )
    ip = dict(zip(ids, drawn, strict=True))
    windows = _windows(traces, clients, ip, end, rng)
    usage = _exchanges(traces, ip, end)
    accounts = pl.DataFrame(
        {
            "account_id": ids,
            "created_at": [
                end - timedelta(days=float(days))
                for days in rng.uniform(60, 720, len(ids))
            ],
        }
    ).sort("created_at")
    bundle = options.out / "bundle"
    tables = {"accounts": accounts, "usage_window": windows, "usage": usage}
    for name, table in tables.items():
        rows = write.write_table(bundle / f"{name}.parquet", _plain(table))
        print(f"{rows:>9,} rows in {bundle / name}.parquet")
    _write_truth(options.out / "truth" / "clients.csv", clients)
    quiet = len(set(ids) - set(windows["account_id"]) - set(usage["account_id"]))
    image = int((clients["pool"] == IMAGE_POOL).sum())
    filled = int(clients["tokens_missing"].sum())
    print(f"{clients.height} clients, {image} of them image generation, {quiet} silent")
    print(f"{filled} clients without token rows have the median of their pool")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of the traces")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write")
    parser.add_argument("--residential", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in ("llm_traces", "ip_intel"):
        if not (options.data / name).is_dir():
            parser.error(f"{options.data / name} is not there")
    return options


def _clients(traces: Path) -> pl.DataFrame:
    """Return the 422 clients: id, pool, requests a day, size, token flag."""
    rates = pl.read_parquet(traces / "servegen_client_rates.parquet")
    tokens = pl.read_parquet(traces / "servegen_client_token_stats.parquet")
    known = tokens.select(
        pool=pl.col("model").cast(pl.String), number="client"
    ).unique()
    clients = (
        rates.group_by(pool=pl.col("model").cast(pl.String), number="client")
        .agg(daily=pl.col("rate").mean() * 86_400)
        .sort("pool", "number")
        .with_columns(
            account_id=pl.format("servegen-{}-{}", "pool", "number"),
            image=pl.col("pool") == IMAGE_POOL,
        )
    )
    missing = clients.join(known, on=["pool", "number"], how="anti")["account_id"]
    size = pl.lit(SIZES[0][0])
    for name, least in SIZES[1:]:
        size = pl.when(pl.col("daily") >= least).then(pl.lit(name)).otherwise(size)
    return clients.with_columns(
        size=size, tokens_missing=pl.col("account_id").is_in(missing.to_list())
    )


def _windows(
    traces: Path, clients: pl.DataFrame, ip: dict[str, str], end: datetime,
    rng: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    """Return hourly windows; a pool's last day is the world's last day."""
    rates = pl.read_parquet(traces / "servegen_client_rates.parquet").with_columns(
        pool=pl.col("model").cast(pl.String),
        number="client",
        hour=pl.col("t") // HOUR_S,
    )
    hourly = _hourly(rates, rng).join(
        clients.select("pool", "number", "account_id"), on=["pool", "number"]
    )
    days = rates.group_by("pool").agg(days=(pl.col("t").max() // 86_400 + 1))
    hourly = (
        _with_tokens(traces, hourly).join(days, on="pool").sort("account_id", "hour")
    )
    start = pl.lit(end) - pl.duration(days="days") + pl.duration(hours="hour")
    requests = pl.col("requests")
    keys = mix(4711, np.arange(hourly.height))
    return hourly.select(
        "account_id",
        event_id=pl.Series(names_of(keys, "rw_")),
        window_start=start.dt.cast_time_unit("us"),
        window_s=pl.lit(HOUR_S, pl.Int32),
        requests=requests.cast(pl.Int32),
        input_tokens=(requests * pl.col("entered")).round().cast(pl.Int64),
        output_tokens=(requests * pl.col("answered")).round().cast(pl.Int64),
        input_p50=pl.col("entered_p50").round().cast(pl.Int32),
        output_p50=pl.col("answered_p50").round().cast(pl.Int32),
        minutes_active=pl.col("busy").round().clip(1, 60).cast(pl.Int32),
        max_per_minute=pl.min_horizontal(pl.col("peak").ceil().clip(1), requests).cast(
            pl.Int32
        ),
        ips=pl.lit(1, pl.Int32),
        ip_list=pl.col("account_id").replace_strict(ip).reshape((-1, 1)).arr.to_list(),
    ).sort("window_start", "event_id")


def _hourly(rates: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Draw whole requests from the rates; return those of each hour that has any."""
    expected = (rates["rate"] * WINDOW_S).to_numpy()
    whole = np.floor(expected) + (rng.random(len(expected)) < expected % 1)
    return (
        rates.with_columns(
            requests=pl.Series(whole).cast(pl.Int64),
            busy=10 * (1 - (-pl.col("rate") * 60).exp()),
        )
        .group_by("pool", "number", "hour")
        .agg(
            pl.col("requests").sum(),
            pl.col("busy").sum(),
            peak=pl.col("rate").max() * 60,
        )
        .filter(pl.col("requests") > 0)
    )


def _with_tokens(traces: Path, hourly: pl.DataFrame) -> pl.DataFrame:
    """Join the token means of the six hours; else the client's, else the pool's."""
    stats = pl.read_parquet(traces / "servegen_client_token_stats.parquet")
    image = pl.col("text_tokens_mean") + pl.col("image_tokens_mean")
    stats = stats.select(
        pool=pl.col("model").cast(pl.String),
        number="client",
        six=pl.col("t") // (6 * HOUR_S),
        entered=pl.col("input_tokens_mean").fill_nan(None).fill_null(image),
        answered=pl.col("output_tokens_mean"),
        entered_p50=pl.col("input_tokens_p50")
        .fill_nan(None)
        .fill_null(pl.col("text_tokens_p50") + pl.col("image_tokens_p50")),
        answered_p50=pl.col("output_tokens_p50"),
    )
    names = ["entered", "answered", "entered_p50", "answered_p50"]
    middle = [pl.col(name).fill_nan(None).median() for name in names]
    joined = hourly.with_columns(six=pl.col("hour") // 6)
    for keys, table in (
        (["pool", "number", "six"], stats),
        (["pool", "number"], stats.group_by("pool", "number").agg(middle)),
        (["pool"], stats.group_by("pool").agg(middle)),
    ):
        spare = table.rename({name: f"{name}_new" for name in names})
        joined = joined.join(spare, on=keys, how="left")
        filled = [
            pl.coalesce(
                [name, f"{name}_new"] if name in joined.columns else [f"{name}_new"]
            )
            .fill_nan(None)
            .alias(name)
            for name in names
        ]
        joined = joined.with_columns(filled).drop([f"{name}_new" for name in names])
    return joined


def _exchanges(traces: Path, ip: dict[str, str], end: datetime) -> pl.DataFrame:
    """Return the single requests of Azure and Mooncake, in time order."""
    parts = [_azure(traces, "code"), _azure(traces, "conv"), _mooncake(traces)]
    rows = pl.concat(parts, how="diagonal_relaxed")
    keys = mix(4712, np.arange(rows.height))
    return rows.select(
        event_id=pl.Series(names_of(keys, "rx_")),
        occurred_at=(
            pl.lit(end - timedelta(hours=2)) + pl.col("since")
        ).dt.cast_time_unit("us"),
        account_id="account_id",
        key_id=pl.format("{}-key", "account_id"),
        ip=pl.col("account_id").replace_strict(ip),
        model=pl.lit("traced"),
        input_tokens="input_tokens",
        output_tokens="output_tokens",
        scaffold="scaffold",
        minhash="minhash",
        filler="filler",
    ).sort("occurred_at", "event_id")


def _azure(traces: Path, name: str) -> pl.DataFrame:
    """Return one of the Azure traces, timed from its first request."""
    return pl.read_csv(
        traces / f"AzureLLMInferenceTrace_{name}.csv", try_parse_dates=True
    ).select(
        account_id=pl.lit(f"azure-{name}"),
        since=pl.col("TIMESTAMP") - pl.col("TIMESTAMP").min(),
        input_tokens=pl.col("ContextTokens").cast(pl.Int32),
        output_tokens=pl.col("GeneratedTokens").cast(pl.Int32),
    )


def _mooncake(traces: Path) -> pl.DataFrame:
    """Return the Mooncake trace, whose prompts are known by their prefix blocks."""
    moon = pl.read_ndjson(traces / "mooncake_conversation_trace.jsonl.gz")
    blocks = moon["hash_ids"].to_list()
    return moon.select(
        account_id=pl.lit("mooncake-conversation"),
        since=pl.duration(milliseconds="timestamp"),
        input_tokens=pl.col("input_length").cast(pl.Int32),
        output_tokens=pl.col("output_length").cast(pl.Int32),
        scaffold=pl.Series(names_of(mix(7, np.array([one[0] for one in blocks])))),
        minhash=pl.Series([_minima(one) for one in blocks], dtype=pl.List(pl.UInt32)),
        filler=pl.Series(
            [_minima(one[1:] or one) for one in blocks], dtype=pl.List(pl.UInt32)
        ),
    )


def _minima(blocks: list[int]) -> list[int]:
    """Return 16 minima over the prefix blocks of a prompt, as an edge would."""
    keys = mix(np.array(blocks)[:, None], np.arange(16)[None, :])
    smallest = (keys >> np.uint64(32)).min(axis=0)
    return [int(one) for one in smallest]


def _plain(table: pl.DataFrame) -> pa.Table:
    """Return an Arrow table with the plain types of a bundle."""
    arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
    fields = [pa.field(one.name, _narrow(one.type)) for one in arrow.schema]
    return arrow.cast(pa.schema(fields))


def _narrow(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_narrow(kind.value_type))
    return kind


def _write_truth(path: Path, clients: pl.DataFrame) -> None:
    names = ("account_id", "pool", "size", "image", "tokens_missing", "daily")
    rows = clients.with_columns(pl.col("daily").round(1)).select(names).rows()
    write.write_csv(path, names, rows)


if __name__ == "__main__":
    main()
