"""Real addresses for traced clients, from the public lists of ranges."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

HOSTING_SHARE = 0.8
BUSINESS = re.compile(
    r"\b(bank|insurance|motors?|pharma|foods?|airlines?|steel)\b", re.IGNORECASE
)
HOUSEHOLDS = re.compile(
    r"\b(telecom|broadband|cable|cablevision|fiber|fibra)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Real IPv4 ranges, [n]: first and last address."""

    first: np.ndarray
    last: np.ndarray

    def draw(self, rng: np.random.Generator, n: int) -> list[str]:
        at = rng.integers(0, len(self.first), n)
        span = (self.last[at] - self.first[at] + 1).astype(float)
        number = self.first[at] + (rng.random(n) * span).astype(np.int64)
        return [
            ".".join(str(one >> shift & 255) for shift in (24, 16, 8, 0))
            for one in number.tolist()
        ]


def draw_addresses(
    folder: Path, rng: np.random.Generator, n: int, *, residential: bool
) -> list[str]:
    """Draw n addresses: 80 % hosting and 20 % business, or all from households."""
    if residential:
        return _named(folder, HOUSEHOLDS).draw(rng, n)
    hosting, business = (
        _hosting(folder).draw(rng, n),
        _named(folder, BUSINESS).draw(rng, n),
    )
    chosen = rng.random(n) < HOSTING_SHARE
    return [
        a if first else b for a, b, first in zip(hosting, business, chosen, strict=True)
    ]


def _hosting(folder: Path) -> Ranges:
    blocks = (folder / "x4b_datacenter_ipv4.txt").read_text("utf-8").split()
    first, size = [], []
    for block in blocks:
        address, _, bits = block.partition("/")
        a, b, c, d = (int(part) for part in address.split("."))
        first.append(a << 24 | b << 16 | c << 8 | d)
        size.append(1 << 32 - int(bits or 32))
    start = np.array(first)
    return Ranges(start, start + np.array(size) - 1)


def _named(folder: Path, name: re.Pattern[str]) -> Ranges:
    """Return the ranges of systems whose owner's name matches, hosting left out."""
    owners = pl.read_csv(folder / "asn_names.csv.gz")
    chosen = owners.filter(
        pl.col("org").map_elements(lambda org: bool(name.search(org)), pl.Boolean)
    )
    listed = re.findall(
        r"^AS(\d+)",
        (folder / "x4b_datacenter_asn.txt").read_text("utf-8"),
        re.MULTILINE,
    )
    asns = set(chosen["asn"]) - {int(asn) for asn in listed}
    ranges = pl.read_parquet(folder / "asn_ipv4_ranges.parquet")
    ranges = ranges.filter(pl.col("asn").is_in(sorted(asns)))
    return Ranges(
        ranges["start"].to_numpy().astype(np.int64),
        ranges["end"].to_numpy().astype(np.int64),
    )
