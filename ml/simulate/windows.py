"""Hourly windows of busy accounts, and the few hours of theirs shown in full."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.simulate import arrow, content
from ml.simulate.addresses import addresses, texts
from ml.simulate.clock import MODELS
from ml.simulate.content import Exchanges
from ml.simulate.hours import Hours
from ml.simulate.networks import SLOT_FIELDS
from ml.simulate.scene import Scene, client_name, key_names
from ml.simulate.seeds import Columns, Keys, Numbers, mix
from ml.simulate.sessions import OWN
from ml.simulate.templates import CATEGORIES

HOUR_US = 3_600_000_000
_SAMPLED = 0.02
_SHOWN_AT_MOST = 25


def shown_sessions(plans: Columns, hours: Hours, rng: np.random.Generator) -> Columns:
    """Return single exchanges for a sample of the busy hours."""
    shown = np.flatnonzero(rng.random(len(hours.hour)) < _SAMPLED)
    each = np.repeat(shown, np.minimum(hours.requests[shown], _SHOWN_AT_MOST))
    account = hours.account[each]
    run = (rng.random(len(each)) ** 1.7 * plans["tmpl_n"][account]).astype(np.int64)
    return {
        "account": account,
        "start": (hours.hour[each] + rng.random(len(each))) / 24,
        "turns": np.ones(len(each), np.int16),
        "source": np.full(len(each), OWN, np.int8),
        "tmpl": plans["tmpl"][account] + run,
        "item": np.zeros(len(each), np.uint64),
        "variant": np.zeros(len(each), np.int64),
    }


def window_chunks(scene: Scene, hours: Hours, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the usage_window table by time, `rows` hours at once."""
    keys = mix(scene.key, 71, hours.account, hours.hour)
    order = np.lexsort((keys, hours.hour))
    for number, start in enumerate(range(0, max(len(order), 1), rows)):
        part = order[start : start + rows]
        tokens = None if hours.tokens is None else hours.tokens[part]
        some = Hours(
            hours.account[part], hours.hour[part], hours.requests[part], tokens
        )
        rng = scene.setting.seeds.rng("windows", number)
        yield pa.RecordBatch.from_pydict(_windows(scene, some, keys[part], rng))


def _windows(
    scene: Scene, hours: Hours, keys: Keys, rng: np.random.Generator
) -> dict[str, pa.Array]:
    account, hour, requests = hours.account, hours.hour, hours.requests
    entered, answered = _token_sums(scene, rng, hours)
    failing = rng.binomial(requests, scene.plans["fails"][account])
    minutes = np.rint(60 * (1 - np.exp(-requests / 60))).clip(1).astype(np.int64)
    peak = np.maximum(1, np.rint(requests / minutes * rng.gamma(6, 0.3, len(hour))))
    columns = {
        "event_id": arrow.hex_texts(keys, "evw_"),
        "account_id": arrow.hex_texts(scene.account_ids[account], "acc_"),
        "window_start": arrow.times(hour * HOUR_US, scene.origin),
        "window_s": arrow.integers(np.full(len(hour), 3600), pa.int32()),
        "requests": arrow.integers(requests, pa.int32()),
        "input_tokens": arrow.integers(entered[0], pa.int64()),
        "output_tokens": arrow.integers(answered[0], pa.int64()),
        "input_p50": arrow.integers(entered[1], pa.int32()),
        "output_p50": arrow.integers(answered[1], pa.int32()),
        "status_429": arrow.integers(failing, pa.int32()),
        "status_4xx": arrow.integers(failing, pa.int32()),
        "status_5xx": arrow.integers(rng.binomial(requests, 0.002), pa.int32()),
        "minutes_active": arrow.integers(minutes, pa.int32()),
        "max_per_minute": arrow.integers(np.minimum(peak, requests), pa.int32()),
    }
    columns |= _who(scene, account, hour, requests)
    columns |= _maps(scene, account, hour, requests)
    return columns | _sketches(scene, hours)


def _sketches(scene: Scene, hours: Hours) -> dict[str, pa.Array]:
    """Return the minima over all prompts of each hour, and over their inputs alone."""
    tmpl = scene.plans["tmpl"][hours.account]
    given = content.has_sketch(np.exp(scene.table["input_ln"][tmpl]).astype(np.int64))
    whole = content.hourly_minima(
        scene.key, scene.table, tmpl, hours.account, hours.hour, hours.requests
    )
    pool = np.where(
        scene.table["free"][tmpl] > 0, 1e12, scene.plans["own_fillers"][hours.account]
    )
    inputs = content.hourly_fillers(
        scene.key, pool, hours.account, hours.hour, hours.requests
    )
    return {
        "minhash": arrow.sixteen(whole, given),
        "filler": arrow.sixteen(inputs, given),
    }


def _token_sums(
    scene: Scene, rng: np.random.Generator, hours: Hours
) -> tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
    """Return (sum, median) of input and output tokens of each hour."""
    tmpl, requests = scene.plans["tmpl"][hours.account], hours.requests
    found = []
    for at, side in enumerate(("input", "output")):
        center, spread = (
            scene.table[f"{side}_ln"][tmpl],
            scene.table[f"{side}_sd"][tmpl],
        )
        noise = rng.normal(0, 1, len(tmpl)) * spread / np.sqrt(requests)
        median = np.exp(center + noise)
        mean = median * np.exp(spread**2 / 2)
        if hours.tokens is not None:
            traced = hours.tokens[:, 2 * at : 2 * at + 2]
            mean = np.where(np.isnan(traced[:, 0]), mean, traced[:, 0])
            median = np.where(np.isnan(traced[:, 1]), median, traced[:, 1])
        found.append((np.rint(mean * requests), np.rint(median)))
    return found[0], found[1]


def _who(
    scene: Scene,
    account: NDArray[np.int64],
    hour: NDArray[np.int64],
    requests: NDArray[np.int64],
) -> dict[str, pa.Array]:
    """Return counts and short lists of keys, addresses and clients."""
    plans = scene.plans
    keys = np.minimum(plans["keys"][account], requests)
    slot = {name: plans[f"a_{name}"][account] for name in SLOT_FIELDS}
    ip = texts(*addresses(scene.setting.addresses, slot, account, (hour + 0.5) / 24))
    wide = np.minimum(
        requests, np.where(slot["lease"] < 1, np.minimum(slot["size"], 60), 1)
    )
    first = key_names(scene, account, np.zeros(len(account), np.int64))
    client = arrow.looked_up(
        plans["client"][account], lambda code: client_name(scene, code)
    )
    ones = np.arange(len(account) + 1, dtype=np.int32)
    return {
        "keys": arrow.integers(keys, pa.int32()),
        "ips": arrow.integers(wide, pa.int32()),
        "asns": arrow.integers(np.ones(len(account)), pa.int32()),
        "clients": arrow.integers(np.ones(len(account)), pa.int32()),
        "ip_list": pa.ListArray.from_arrays(ones, pa.array(ip, pa.string())),
        "client_list": pa.ListArray.from_arrays(ones, client),
        "key_list": pa.ListArray.from_arrays(ones, arrow.hex_texts(first, "key_")),
    }


def _maps(
    scene: Scene,
    account: NDArray[np.int64],
    hour: NDArray[np.int64],
    requests: NDArray[np.int64],
) -> dict[str, pa.Array]:
    """Split requests by model, category and scaffold, between two of each."""
    plans, table = scene.plans, scene.table
    large = np.rint(requests * plans["large"][account]).astype(np.int64)
    newer = (hour / 24 > plans["adopt_at"][account]) & (
        plans["adopt_share"][account] > 0.5
    )
    tmpl = plans["tmpl"][account]
    second = tmpl + np.minimum(1, plans["tmpl_n"][account] - 1)
    most = requests - requests // 4
    rows = _one_an_hour(account, hour, tmpl)
    other = _one_an_hour(account, hour, second)
    return {
        "models": _pairs(
            arrow.coded(np.where(newer, 3, 2), MODELS),
            arrow.coded(np.ones(len(account)), MODELS),
            large,
            requests - large,
        ),
        "categories": _pairs(
            arrow.coded(table["category"][tmpl].astype(int), CATEGORIES),
            arrow.coded(table["category"][second].astype(int), CATEGORIES),
            most,
            requests - most,
            same=table["category"][tmpl] == table["category"][second],
        ),
        "scaffolds": _pairs(
            arrow.hex_texts(content.wordings(scene.key, table, rows)),
            arrow.hex_texts(content.wordings(scene.key, table, other)),
            most,
            requests - most,
            same=tmpl == second,
        ),
    }


def _one_an_hour(
    account: NDArray[np.int64], hour: NDArray[np.int64], tmpl: NDArray[np.int64]
) -> Exchanges:
    """Return one exchange an hour, to word the template that the hour used."""
    n = len(account)
    return Exchanges(
        account, hour, hour / 24, account, tmpl, np.zeros(n, np.int64),
        np.zeros(n, np.uint64), np.zeros(n, bool),
    )  # fmt: skip


def _pairs(
    first: pa.Array,
    second: pa.Array,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    same: NDArray[np.bool_] | None = None,
) -> pa.Array:
    """Return maps of one or two names to counts; equal names are added up."""
    if same is not None:
        a, b = np.where(same, a + b, a), np.where(same, 0, b)
    counts = np.stack([a, b], axis=1)
    kept = counts > 0
    offsets = np.concatenate([[0], np.cumsum(kept.sum(1))]).astype(np.int32)
    n = len(a)
    names = pa.concat_arrays([first, second]).take(
        pa.array(np.stack([np.arange(n), np.arange(n) + n], 1)[kept])
    )
    return pa.MapArray.from_arrays(offsets, names, pa.array(counts[kept], pa.int64()))
