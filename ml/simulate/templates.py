"""Prompt templates: what an account keeps asking, as shapes and keys, never as text.

A template names its scaffold, where its sketches start, how much they wander, its usual
token counts and its request settings. One table holds the templates of the world;
accounts point at runs of it.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.seeds import Columns, Keys, Numbers, Seeds, mix

CATEGORIES: Final = (
    "chat",
    "code",
    "reasoning",
    "grading",
    "tools",
    "vision",
    "translation",
    "extraction",
    "other",
)
ELICITS: Final = ("none", "reasoning", "rubric", "rewrite", "probe")


@dataclass(frozen=True, slots=True)
class Style:
    """A family of templates; pairs are (center, spread between templates) of logs.

    `wander` is how often the chance of a flipped sketch bit is halved (3: 8 of 64
    bits, 6: one); `keep` the share of the 16 minima that stay; `elicits` and its share
    come from the edge classifier; `settings` the chance of frozen parameters, `schema`
    of an answer schema, `tools` of tool definitions.
    """

    categories: dict[str, float]
    input_ln: tuple[float, float]
    input_sd: tuple[float, float]
    output_ln: tuple[float, float]
    output_sd: tuple[float, float]
    wander: tuple[int, int] = (3, 5)
    keep: tuple[float, float] = (0.5, 0.9)
    elicits: str = "none"
    elicits_share: float = 0.0
    settings: float = 0.7
    schema: float = 0.2
    tools: float = 0.1
    free: bool = False
    refusals: float = 0.01


_WIDE, _NARROW = (0.7, 0.2), (0.3, 0.18)
_FREE = (6.2, 0.35), (0.92, 0.12), (5.0, 0.35), (0.92, 0.12)  # ranks; see lengths.py
STYLES: Final = {
    "chat": Style(
        {"chat": 5, "code": 2, "reasoning": 1.5, "translation": 1.5, "other": 1.5},
        *_FREE, free=True, settings=0.0, schema=0.0, tools=0.0, refusals=0.012,
    ),
    "coding": Style(
        {"code": 6, "tools": 1.5, "reasoning": 1}, *_FREE, free=True, settings=0.2,
        schema=0.0, tools=0.3,
    ),
    "product": Style(
        {"chat": 3, "extraction": 3, "translation": 1, "code": 1, "reasoning": 1.4,
         "grading": 0.7, "vision": 0.7, "tools": 1.2, "other": 1},
        (6.2, 0.8), _WIDE, (4.6, 1.0), _WIDE, schema=0.35, tools=0.2,
        elicits="reasoning", elicits_share=0.015,
    ),
    "batch": Style(
        {"extraction": 3, "grading": 2, "translation": 1, "reasoning": 1.5,
         "vision": 1}, (6.4, 0.8), _NARROW, (4.6, 1.2), _NARROW, (4, 7), (0.7, 0.97),
        schema=0.5, elicits="rubric", elicits_share=0.08,
    ),
    "agent": Style(
        {"tools": 5, "code": 3, "vision": 0.6}, (7.6, 0.5), (0.7, 0.15), (5.4, 0.5),
        (0.8, 0.15), schema=0.2, tools=0.97,
    ),
    "assignment": Style(
        {"code": 3, "reasoning": 3, "other": 1, "grading": 0.5}, (6.2, 0.5), (0.6, 0.1),
        (5.5, 0.5), (0.6, 0.1), (3, 5), (0.5, 0.8), settings=0.3, schema=0.05,
    ),
    "benchmark": Style(
        {"reasoning": 5, "grading": 2, "code": 2}, (6.1, 0.5), (0.5, 0.1), (5.9, 0.7),
        (0.7, 0.15), (4, 6), (0.6, 0.9), "reasoning", 0.25, 0.9, 0.3,
    ),
    "rubric": Style(
        {"grading": 5, "reasoning": 3, "other": 0.7}, (6.6, 0.5), (0.5, 0.12),
        (5.4, 0.8), (0.6, 0.15), (4, 6), (0.6, 0.9), "rubric", 0.35, 0.85, 0.45,
    ),
    "reasons": Style(
        {"reasoning": 5, "extraction": 1.5, "other": 1}, (6.3, 0.5), (0.5, 0.12),
        (6.2, 0.6), (0.6, 0.12), (4, 6), (0.6, 0.9), "reasoning", 0.35, 0.8, 0.3,
    ),
    "probe": Style(
        {"chat": 2, "other": 3, "reasoning": 1.5}, (5.8, 0.6), (0.8, 0.15), (5.0, 0.6),
        (0.8, 0.15), (3, 5), (0.4, 0.8), "probe", 0.4, 0.4, 0.1, refusals=0.12,
    ),
    "spam": Style(
        {"chat": 3, "translation": 2, "other": 4}, (5.2, 0.5), _NARROW, (5.0, 0.5),
        _NARROW, (4, 6), (0.6, 0.95), settings=0.6, refusals=0.05,
    ),
}  # fmt: skip
_NAMES: Final = tuple(STYLES)


@dataclass(slots=True)
class Templates:
    """The growing table; `add` returns where the new run of templates starts."""

    seeds: Seeds
    parts: list[Columns] = field(default_factory=list)
    size: int = 0

    def add(
        self, rng: np.random.Generator, styles: NDArray[Any], shared_fillers: int = 40
    ) -> NDArray[np.int64]:
        """Make one template for each style name; return their row numbers, [n]."""
        n = len(styles)
        rows: Columns = {
            "key": mix(self.seeds.key("template"), np.arange(self.size, self.size + n)),
            "shared_fillers": np.full(n, shared_fillers),
        }
        drawn = {name: np.zeros(n) for name in _FLOATS}
        for name in dict.fromkeys(styles.tolist()):
            where = np.flatnonzero(styles == name)
            for column, values in _draw(rng, STYLES[name], len(where)).items():
                drawn.setdefault(column, np.zeros(n))[where] = values
        rows.update(drawn)
        self.parts.append(rows)
        self.size += n
        return np.arange(self.size - n, self.size)

    def clone(self, rows: NDArray[np.int64], keys: Keys) -> NDArray[np.int64]:
        """Copy templates under new keys: the same shape in other words; [n]."""
        table, n = self.table(), len(rows)
        made = {name: values[rows] for name, values in table.items()}
        made["key"] = keys
        self.parts.append(made)
        self.size += n
        return np.arange(self.size - n, self.size)

    def table(self) -> Columns:
        return {
            name: np.concatenate([part[name] for part in self.parts])
            for name in self.parts[0]
        }


_FLOATS: Final = (
    "category", "second", "input_ln", "input_sd", "output_ln", "output_sd", "wander",
    "keep", "elicits", "elicits_share", "settings", "schema", "tools", "free",
    "refusals", "max_tokens",
)  # fmt: skip
_LIMITS: Final = (256, 512, 1024, 2048, 4096, 8192)


def usual_limits(output_ln: Numbers) -> NDArray[np.int64]:
    """Return the limit that people set on answers of such a length, in tokens."""
    at = np.searchsorted(_LIMITS, np.exp(output_ln + 1.5))
    return np.array(_LIMITS)[np.minimum(at, len(_LIMITS) - 1)]


def _draw(rng: np.random.Generator, style: Style, n: int) -> Columns:
    weights = np.fromiter(style.categories.values(), float)
    codes = np.array([CATEGORIES.index(name) for name in style.categories])
    chosen = codes[rng.choice(len(codes), (2, n), p=weights / weights.sum())]

    def near(pair: tuple[float, float], low: float) -> NDArray[np.float64]:
        return np.maximum(rng.normal(pair[0], pair[1], n), low)

    output_ln = near(style.output_ln, 1.0)
    return {
        "category": chosen[0],
        "second": chosen[1],
        "input_ln": near(style.input_ln, 2.5),
        "input_sd": near(style.input_sd, 0.04),
        "output_ln": output_ln,
        "output_sd": near(style.output_sd, 0.04),
        "wander": rng.integers(style.wander[0], style.wander[1] + 1, n),
        "keep": rng.uniform(*style.keep, n),
        "elicits": np.full(n, ELICITS.index(style.elicits)),
        "elicits_share": style.elicits_share * rng.uniform(0.3, 1.7, n),
        "settings": rng.random(n) < style.settings,
        "schema": rng.random(n) < style.schema,
        "tools": (rng.random(n) < style.tools) * rng.integers(1, 12, n),
        "free": np.full(n, style.free),
        "refusals": style.refusals * rng.lognormal(0, 0.4, n),
        "max_tokens": usual_limits(output_ln),
    }
