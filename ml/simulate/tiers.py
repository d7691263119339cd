"""Sizes of the worlds that can be made."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tier:
    """One size: how many accounts, how large the rings are, how much review there is.

    `ring_size` is (median, log-sd, smallest, largest); `levels` says how many rings of
    each evasion level take part, relative to each other.
    """

    name: str
    honest: int
    recruits: int
    max_usage_rows: int
    ring_size: tuple[float, float, int, int]
    levels: tuple[int, ...]
    reviews_per_day: int
    audits: int
    chunk_rows: int = 100_000


TIERS: Final = {
    tier.name: tier
    for tier in (
        Tier("tiny", 400, 64, 60_000, (8, 0.2, 6, 12), (2, 2, 2, 2), 2, 40),
        Tier(
            "ladder",
            4_000,
            480,
            500_000,
            (50, 0.2, 30, 80),
            (1, 1, 1, 1, 1, 3, 1),
            10,
            120,
        ),
        Tier("nano", 2_000, 240, 300_000, (30, 0.25, 8, 40), (2, 2, 2, 2), 6, 120),
        Tier(
            "mini",
            20_000,
            2_400,
            3_000_000,
            (90, 0.5, 30, 300),
            (4, 6, 6, 6, 4, 4, 3),
            60,
            500,
        ),
        Tier(
            "full",
            200_000,
            24_000,
            30_000_000,
            (180, 0.6, 30, 600),
            (16, 19, 19, 19, 16, 15, 8),
            60,
            3_000,
            400_000,
        ),
        Tier(
            "xl",
            2_000_000,
            24_000,
            60_000_000,
            (180, 0.6, 30, 600),
            (16, 19, 19, 19, 16, 15, 8),
            300,
            10_000,
            400_000,
        ),
    )
}
OFFERED: Final = ("nano", "mini", "full", "xl")
