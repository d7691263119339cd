"""Rates and token counts of real production clients, read from a folder at run time.

The folder holds `llm_traces/servegen_client_rates.parquet` (rates in windows of ten
minutes) and `servegen_client_token_stats.parquet` (tokens in windows of six hours),
made from ServeGen (Apache-2.0). Nothing of it is ever copied into a project.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ml.simulate.seeds import Numbers

POOLS: Final = ("m-large", "m-mid", "m-small")  # text, and two weeks long
HOURS: Final = 14 * 24
_WINDOW_S, _HOUR_S, _SIX_HOURS_S = 600, 3600, 21_600
# mean and median of what enters and of what is answered
TOKENS: Final = (
    "input_tokens_mean",
    "input_tokens_p50",
    "output_tokens_mean",
    "output_tokens_p50",
)
_TAILS: Final = ("input_tokens_p95", "output_tokens_p95")


class NoTracesError(ValueError):
    """The folder does not hold the traces; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Client:
    """One real client: requests [hours] and tokens [hours, 4] in the order of TOKENS.

    `spread` is the log-sd of what enters and of what is answered within a window.
    """

    name: str
    requests: Numbers
    tokens: NDArray[np.float64]
    spread: tuple[float, float]

    @property
    def daily(self) -> float:
        return float(self.requests.mean() * 24)


def read_clients(folder: Path, least_daily: float) -> list[Client]:
    """Return the text clients that ask `least_daily` times a day and show tokens."""
    rates = _by_client(_read(folder, "servegen_client_rates", ["rate"]))
    stats = _by_client(_read(folder, "servegen_client_token_stats", [*TOKENS, *_TAILS]))
    made = [
        _client(name, rates[name], stats[name])
        for name in sorted(set(rates) & set(stats))
    ]
    return [one for one in made if one is not None and one.daily >= least_daily]


def _read(folder: Path, name: str, columns: list[str]) -> pa.Table:
    path = folder / "llm_traces" / f"{name}.parquet"
    if not path.is_file():
        raise NoTracesError(f"{path} is not there; it holds the real clients.")
    table = pq.read_table(path, columns=["model", "client", "t", *columns])
    pool = table.column("model").cast(pa.string())
    return table.set_column(0, "model", pool).filter(pc.is_in(pool, pa.array(POOLS)))


def _by_client(table: pa.Table) -> dict[str, dict[str, NDArray[Any]]]:
    """Return the columns of each client, in time order."""
    number = table.column("client").cast(pa.int64()).to_numpy()
    time = table.column("t").cast(pa.int64()).to_numpy()
    names = [
        f"{pool}-{at:04d}"
        for pool, at in zip(table.column("model").to_pylist(), number, strict=True)
    ]
    distinct, code = np.unique(names, return_inverse=True)
    order = np.lexsort((time, code))
    bounds = np.searchsorted(code[order], np.arange(1, len(distinct)))
    columns = {
        name: table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
        for name in table.column_names[3:]
    }
    return {
        str(name): {"t": time[rows]}
        | {one: all_[rows] for one, all_ in columns.items()}
        for name, rows in zip(distinct, np.split(order, bounds), strict=True)
    }


def _client(
    name: str, rates: dict[str, NDArray[Any]], stats: dict[str, NDArray[Any]]
) -> Client | None:
    """Return one client, or None where it never shows a token count."""
    requests = np.bincount(
        rates["t"] // _HOUR_S, rates["rate"] * _WINDOW_S, minlength=HOURS
    )[:HOURS]
    six = stats["t"] // _SIX_HOURS_S
    known = np.all([np.nan_to_num(stats[one]) > 0 for one in TOKENS], axis=0)
    if not known.any():
        return None
    usual = np.array([np.median(stats[one][known]) for one in TOKENS])
    tokens = np.tile(usual, (HOURS // 6, 1))
    inside = known & (six < len(tokens))
    tokens[six[inside]] = np.stack([stats[one][inside] for one in TOKENS], axis=1)
    spread = [
        _spread(stats, known, *pair) for pair in zip(TOKENS[1::2], _TAILS, strict=True)
    ]
    return Client(
        name,
        requests.astype(np.float64),
        np.repeat(tokens, 6, axis=0),
        (spread[0], spread[1]),
    )


def _spread(
    stats: dict[str, NDArray[Any]], known: NDArray[np.bool_], middle: str, tail: str
) -> float:
    """Return the log-sd that a median and a 95th percentile imply."""
    ratio = stats[tail][known] / stats[middle][known]
    logs = np.log(np.maximum(np.nan_to_num(ratio, nan=1.0), 1.0)) / 1.645
    return float(np.clip(np.median(logs), 0.04, 2.0))
