"""Sessions of exchanges that follow an account's own plan: honest use, and cover."""

import numpy as np

from ml.simulate.clock import DAYS, is_weekend
from ml.simulate.rhythm import WINDOWED_FROM
from ml.simulate.seeds import Columns, Numbers, Seeds, below, mix

OWN, FRAME, WORK = 0, 1, 2
_CHUNK = 20_000
_SHARED_ITEM = 0x5A5A


def no_sessions() -> Columns:
    """Return the columns of sessions, without any."""
    none = np.zeros(0, np.int64)
    return {
        "account": none,
        "start": np.zeros(0),
        "turns": none.astype(np.int16),
        "source": none.astype(np.int8),
        "tmpl": none,
        "item": none.astype(np.uint64),
        "variant": none,
    }


def daily_means(plans: Columns, rng: np.random.Generator) -> Numbers:
    """Return expected requests, [accounts, days]."""
    n = len(plans["rate"])
    days = np.arange(DAYS, dtype=float)[None, :]
    active = np.clip(
        np.minimum(plans["active_to"][:, None], days + 1)
        - np.maximum(plans["active_from"][:, None], days),
        0,
        1,
    )
    means = plans["rate"][:, None] * active
    means *= np.where(is_weekend(days), plans["weekend"][:, None], 1.0)
    means *= rng.random((n, DAYS)) < plans["day_share"][:, None]
    means *= rng.lognormal(0, 1, (n, DAYS)) ** (0.6 * plans["noise"][:, None])
    return np.asarray(means * spikes(plans))


def spikes(plans: Columns) -> Numbers:
    """Return by how much each day is busier for what happens then, [accounts, days]."""
    since = np.arange(DAYS, dtype=float)[None, :] - plans["spike_from"][:, None]
    spiking = (since >= 0) & (since < plans["spike_days"][:, None])
    return np.where(spiking, plans["spike"][:, None], 1.0)


def windowed(plans: Columns) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Say whose usage is handed over as hourly windows: busy accounts, whoever."""
    return plans["rate"] > WINDOWED_FROM


def own_sessions(seeds: Seeds, plans: Columns) -> Columns:
    """Draw the sessions of all accounts that report single exchanges."""
    few = np.flatnonzero(~windowed(plans))
    parts = []
    for start in range(0, len(few), _CHUNK):
        rows = few[start : start + _CHUNK]
        rng = seeds.rng("sessions", start)
        part = {name: values[rows] for name, values in plans.items()}
        means = daily_means(part, rng)
        counts = rng.poisson(means / part["turns"][:, None])
        at, day = np.nonzero(counts)
        repeat = counts[at, day]
        parts.append(
            _drawn(rng, rows, part, np.repeat(at, repeat), np.repeat(day, repeat))
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _drawn(
    rng: np.random.Generator,
    rows: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    part: Columns,
    at: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    day: "np.ndarray[tuple[int], np.dtype[np.int64]]",
) -> Columns:
    starts = day + hours_of_day(rng, part, at) / 24
    alive = (starts >= part["active_from"][at]) & (starts < part["active_to"][at])
    at, starts = at[alive], starts[alive]
    framed = (part["frame"][at] >= 0) & (rng.random(len(at)) < part["frame_share"][at])
    run = (rng.random(len(at)) ** 1.7 * part["tmpl_n"][at]).astype(np.int64)
    return {
        "account": rows[at],
        "start": starts,
        "turns": np.minimum(rng.geometric(1 / part["turns"][at]), 40).astype(np.int16),
        "source": np.where(framed, FRAME, OWN).astype(np.int8),
        "tmpl": np.where(framed, part["frame"][at], part["tmpl"][at] + run),
        "item": np.zeros(len(at), np.uint64),
        "variant": _edition(part, at, starts, framed),
    }


def _edition(
    part: Columns,
    at: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    starts: Numbers,
    framed: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Count the wordings of own prompts: people edit them every few weeks."""
    since = np.maximum(starts - part["active_from"][at], 0)
    edition = (since / part["edits"][at]).astype(np.int64)
    return np.where(framed, 0, edition)


def hours_of_day(
    rng: np.random.Generator,
    part: Columns,
    at: "np.ndarray[tuple[int], np.dtype[np.int64]]",
) -> Numbers:
    """Draw UTC hours from each account's own day."""
    usual = rng.normal(part["peak"][at], part["width"][at]) % 24
    anytime = rng.random(len(at)) * 24
    return np.where(rng.random(len(at)) < part["flat"][at], anytime, usual)


def put_items(
    seeds: Seeds,
    plans: Columns,
    table: Columns,
    sessions: Columns,
    jobs: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> None:
    """Name the input of each own session: one of the account's, or a common one.

    A product sees some inputs again and again; a batch of documents never does. `jobs`
    marks sessions whose input comes from a queue and is asked by this account alone.
    """
    where = np.flatnonzero(sessions["source"] != WORK)
    account, tmpl = sessions["account"][where], sessions["tmpl"][where]
    rng = seeds.rng("items")
    mine = (rng.random(len(where)) ** 2 * plans["own_fillers"][account]).astype(
        np.int64
    )
    free = table["free"][tmpl] > 0
    mine = np.where(free, np.arange(len(where)), mine)
    common = below(mix(rng.integers(0, 2**62, len(where))), 1 << 30) / (1 << 30)
    common = (common**2 * table["shared_fillers"][tmpl]).astype(np.int64)
    shared = (rng.random(len(where)) < plans["shared_fillers"][account]) & ~free
    shared &= ~jobs[where]
    own = mix(seeds.key("item"), account, mine)
    sessions["item"][where] = np.where(
        shared, mix(seeds.key("item"), tmpl + _SHARED_ITEM, common), own
    )
