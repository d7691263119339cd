"""What prompts look like from outside: sketches, minima, categories and token counts.

Two prompts of one template have the same scaffold and near sketches; prompts with the
same input have the same filler. Every value is a function of hashes of the session, so
that rows can be written in any order.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.simulate.lengths import answered_by, entered_by
from ml.simulate.seeds import Columns, Keys, Numbers, below, mix, uniform

_POSITIONS = np.arange(16, dtype=np.uint64)[None, :]
_PARAPHRASED = 0.75  # of the minima change with another wording
_OTHER_CATEGORY = 0.12
_SIGNED = (1, 2, 3, 4)  # code, reasoning, grading, tools
_SHORT = 30
_LARGEST = 4_294_967_295.0


@dataclass(frozen=True, slots=True)
class Exchanges:
    """A run of exchanges in time order; all arrays are [n]."""

    session: NDArray[np.int64]
    turn: NDArray[np.int64]
    day: Numbers
    account: NDArray[np.int64]
    tmpl: NDArray[np.int64]
    variant: NDArray[np.int64]
    item: Keys
    work: NDArray[np.bool_]


def categories(key: int, table: Columns, rows: Exchanges) -> NDArray[np.int64]:
    """Return category codes: the template's own, now and then another."""
    return category_at(key, table, rows.tmpl, rows.session, rows.turn)


def category_at(
    key: int,
    table: Columns,
    tmpl: NDArray[np.int64],
    session: NDArray[np.int64],
    turn: NDArray[np.int64],
) -> NDArray[np.int64]:
    chance = uniform(mix(key, 1, session, turn))
    drawn = np.where(
        chance < 1 - _OTHER_CATEGORY, table["category"][tmpl], table["second"][tmpl]
    )
    free = table["free"][tmpl] > 0  # a conversation about anything stays on its topic
    topic = uniform(mix(key, 2, session))
    other = below(mix(key, 3, session), 9)
    return np.where(free & (topic < 0.3), other, drawn).astype(np.int64)


def is_signed(
    key: int, category: NDArray[np.int64], session: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say which sessions return opaque reasoning blocks."""
    return np.isin(category, _SIGNED) & (uniform(mix(key, 4, session)) < 0.45)


def tokens(
    rng: np.random.Generator,
    table: Columns,
    rows: Exchanges,
    category: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return input, output and the limit of each exchange; contexts grow by turn."""
    n = len(rows.tmpl)
    grown = 1 + 0.55 * (rows.turn - 1) * rng.uniform(0.5, 1.2, n)
    entered, answered = (
        table[f"{side}_ln"][rows.tmpl]
        + table[f"{side}_sd"][rows.tmpl] * rng.normal(0, 1, n)
        for side in ("input", "output")
    )
    entered += np.log(grown)
    free = table["free"][rows.tmpl] > 0
    entered = np.where(free, entered_by(entered, category), np.exp(entered))
    answered = np.where(free, answered_by(answered, category), np.exp(answered))
    ceiling = table["max_tokens"][rows.tmpl].astype(np.int64)
    capped = table["settings"][rows.tmpl] > 0
    limit = np.where(capped, ceiling, 8192)
    return (
        np.clip(entered, 5, 180_000).astype(np.int64),
        np.clip(answered, 1, limit).astype(np.int64),
        np.where(capped, ceiling, -1),
    )


def wordings(key: int, table: Columns, rows: Exchanges) -> Keys:
    """Name the wrapper of each prompt; a paraphrase is another wrapper."""
    return mix(key, 5, table["key"][rows.tmpl], rows.variant)


def sketches(
    key: int, rng: np.random.Generator, table: Columns, rows: Exchanges
) -> Keys:
    """Return SimHashes: a few bits off the template's, or anywhere for free text."""
    n = len(rows.tmpl)
    base = mix(key, 6, table["key"][rows.tmpl])
    moved = mix(key, 7, rows.variant, rows.tmpl) & mix(key, 8, rows.variant, rows.tmpl)
    base = np.where(rows.variant > 0, base ^ moved, base)
    base = np.where(table["free"][rows.tmpl] > 0, mix(key, 9, rows.item), base)
    noise = np.full(n, np.uint64(2**64 - 1))
    wander = table["wander"][rows.tmpl]
    for halving in range(int(wander.max(initial=0))):
        bits = rng.integers(0, 2**64, n, dtype=np.uint64)
        noise &= np.where(wander > halving, bits, np.uint64(2**64 - 1))
    return base ^ noise


def minima(key: int, table: Columns, rows: Exchanges) -> NDArray[np.uint32]:
    """Return MinHashes of whole prompts, [n, 16]."""
    wrapper = table["key"][rows.tmpl][:, None]
    variant = rows.variant[:, None].astype(np.uint64)
    changed = uniform(mix(key, 10, wrapper, variant, _POSITIONS)) < _PARAPHRASED
    wording = np.where((variant > 0) & changed, variant, np.uint64(0))
    common = mix(key, 11, wrapper, wording, _POSITIONS)
    own = mix(key, 12, rows.item[:, None], rows.turn[:, None], _POSITIONS)
    keep = np.where(table["free"][rows.tmpl] > 0, 0.02, table["keep"][rows.tmpl])
    kept = uniform(mix(own, 13)) < keep[:, None]
    size = np.exp(table["input_ln"][rows.tmpl])[:, None] + 4
    return _smallest(np.where(kept, common, own), size)


def fillers(key: int, rows: Exchanges) -> NDArray[np.uint32]:
    """Return minima of the inputs alone, [n, 16]: equal input, equal minima."""
    item = rows.item[:, None]
    changes_at = 2 + below(mix(key, 14, item, _POSITIONS), 12)
    later = (rows.turn[:, None] >= changes_at).astype(np.uint64)
    size = 20 + below(mix(key, 15, item), 80)
    return _smallest(mix(key, 16, item, later, _POSITIONS), size)


def hourly_minima(
    key: int,
    table: Columns,
    tmpl: NDArray[np.int64],
    account: NDArray[np.int64],
    hour: NDArray[np.int64],
    requests: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """Return MinHashes over all prompts of an hour, [n, 16].

    The minimum over a union is the least of the minima: of the wrapper, which every
    prompt repeats, and of all that the hour's inputs add to it.
    """
    common = mix(key, 11, table["key"][tmpl][:, None], 0, _POSITIONS)
    own = mix(key, 75, account[:, None], hour[:, None], _POSITIONS)
    size = np.exp(table["input_ln"][tmpl])[:, None] + 4
    keep = np.where(table["free"][tmpl] > 0, 0.02, table["keep"][tmpl])[:, None]
    added = size * (1 - keep) * requests[:, None] + 1
    return np.minimum(_smallest(common, size * keep + 1), _smallest(own, added))


def hourly_fillers(
    key: int,
    pool: Numbers,
    account: NDArray[np.int64],
    hour: NDArray[np.int64],
    requests: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """Return minima over the inputs of an hour, [n, 16].

    Of `pool` inputs an hour sees some; where the one with the least hash is among them
    the minimum is that of every such hour.
    """
    seen = pool * -np.expm1(-requests / pool)
    least = mix(key, 76, account[:, None], _POSITIONS)
    among = uniform(mix(key, 77, account[:, None], hour[:, None], _POSITIONS))
    own = mix(key, 78, account[:, None], hour[:, None], _POSITIONS)
    found = among < (seen / pool)[:, None]
    return np.where(
        found,
        _smallest(least, 50 * pool[:, None]),
        _smallest(own, 50 * np.maximum(seen, 1)[:, None]),
    )


def has_sketch(entered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Short prompts get no sketch: a dictionary could undo it."""
    return entered >= _SHORT


def _smallest(
    keys: Keys, size: NDArray[np.float64] | NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Map hashes to what minima over `size` uniform hashes look like."""
    chance = np.maximum(uniform(keys).astype(np.float32), np.float32(1e-7))
    return np.minimum(-np.log(chance) / size * _LARGEST, _LARGEST - 1e4).astype(
        np.uint32
    )
