"""Campaigns: rings of accounts under one operator, and when each account lives.

A ring keeps a number of places filled: when an account is lost another takes its place
after some hours, until the ring has used up its size.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

import heapq
from dataclasses import dataclass, replace

import numpy as np

from ml.simulate.clock import DAYS
from ml.simulate.levels import (
    CAMPAIGN_TURNS,
    CAMPAIGNS,
    EVERY_LEVEL,
    LEVELS,
    MECHANISMS,
    OPERATORS,
    RESALE,
    RESELLER,
    TRACES,
    Level,
)
from ml.simulate.seeds import Seeds
from ml.simulate.tiers import Tier


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring: its operator's habits are fixed here, its accounts come later."""

    number: int
    name: str
    campaign: str
    level: int
    mechanism: str
    size: int
    start: float
    until: float
    rate: float  # exchanges of work and cover, an account and day
    turns: float
    replays: bool
    softens: bool
    without: str | None  # the trace that a knock-out took away
    farm: bool  # opened on telephones in racks: a trace that training never saw

    @property
    def habits(self) -> Level:
        level = EVERY_LEVEL[self.level]
        return replace(level, **TRACES[self.without]) if self.without else level

    def near(self, seeds: Seeds, field: str) -> float:
        """Return the level's value for this ring: the same center, another operator."""
        value = float(getattr(self.habits, field))
        moved = seeds.jitter(f"{self.number}/{field}", value)
        return min(moved, 1.0) if value <= 1 else moved


@dataclass(frozen=True, slots=True)
class Life:
    """One account of a ring, in days; `heir_of` is its predecessor or -1."""

    born: float
    lost: float
    heir_of: int


def plan_rings(
    seeds: Seeds, tier: Tier, without: str | None = None, operators: str = "all"
) -> list[Ring]:
    """Lay out the rings; levels 4 and up and campaign C start only after day 70.

    `operators` names the half of levels.OPERATORS whose mechanisms the rings have.
    """
    rng = seeds.rng("rings")
    ways = OPERATORS[operators]
    levels = [at for at, count in enumerate(tier.levels) for _ in range(count)]
    sizes = _sizes(rng, tier, len(levels))
    seen = [0] * len(LEVELS)
    rings = []
    for number, (level, size) in enumerate(zip(levels, sizes, strict=True)):
        late = level >= 4 or seen[level] % 2 == 1
        campaign = _campaign(CAMPAIGNS[rng.integers(0, 2)], level, late, seen[level])
        farm = late and 0 < level < 5 and seen[level] % 4 == 3
        seen[level] += 1
        start = float(rng.uniform(70, 85) if late else rng.uniform(2, 35))
        rings.append(
            Ring(
                number=number,
                name=f"{campaign}-{LEVELS[level].name}-{number:03d}",
                campaign=campaign,
                level=level,
                mechanism=ways[int(rng.integers(0, len(MECHANISMS))) % len(ways)],
                size=size,
                start=start,
                until=min(start + float(rng.uniform(55, 90)), DAYS),
                rate=float(LEVELS[level].rate * np.exp(rng.normal(0, 0.25))),
                turns=max(1.0, CAMPAIGN_TURNS[campaign] * float(rng.uniform(0.7, 1.3))),
                replays=bool(rng.random() < 0.4),
                softens=bool(rng.random() < 0.35),
                farm=farm,
                without=without,
            )
        )
    return rings


def _campaign(drawn: str, level: int, late: bool, seen: int) -> str:
    """Return who a ring works for; the third operator comes late."""
    if level == RESALE:
        return RESELLER
    return "C" if late and seen % 4 in (1, 2) else drawn


def _sizes(rng: np.random.Generator, tier: Tier, count: int) -> list[int]:
    """Draw ring sizes that add up to the tier's recruits as nearly as limits allow."""
    median, spread, low, high = tier.ring_size
    drawn = rng.lognormal(np.log(median), spread, count)
    drawn *= tier.recruits / drawn.sum()
    sizes = np.clip(np.rint(drawn), low, high).astype(int)
    while sizes.sum() != tier.recruits:
        step = 1 if sizes.sum() < tier.recruits else -1
        room = np.flatnonzero((sizes + step >= low) & (sizes + step <= high))
        if not len(room):
            break
        sizes[rng.choice(room)] += step
    return [int(size) for size in sizes]


def lives(ring: Ring, seeds: Seeds) -> list[Life]:
    """Return the accounts of a ring in order of their first work."""
    rng = seeds.rng("lives", ring.number)
    life, respawn = ring.near(seeds, "life"), ring.near(seeds, "respawn") / 24
    if ring.mechanism == "reserve":
        return _two_pools(ring, rng, life, respawn, ring.near(seeds, "spread"))
    places = max(
        4, round(ring.size / (1 + (ring.until - ring.start) / (life + respawn)))
    )
    spread = ring.near(seeds, "spread")
    found: list[Life] = []
    ends: list[tuple[float, int]] = []
    while len(found) < ring.size:
        born, heir = ring.start + float(rng.uniform(0, spread)), -1
        if len(found) >= places:
            lost, heir = heapq.heappop(ends)
            born = lost + float(rng.exponential(respawn))
        if born > ring.until - 1:  # nobody to replace any more: a reserve joins early
            born, heir = (
                ring.start + float(rng.uniform(0, (ring.until - ring.start) * 0.6)),
                -1,
            )
        end = born + 0.5 + float(rng.exponential(life))
        heapq.heappush(ends, (end, len(found)))
        found.append(Life(born, min(end, ring.until), heir))
    return found


def _two_pools(
    ring: Ring, rng: np.random.Generator, life: float, respawn: float, spread: float
) -> list[Life]:
    """Return a first pool, struck in a few hours, and a second that takes over."""
    half = ring.size // 2
    span = ring.until - ring.start
    strike = ring.start + float(rng.uniform(0.35, 0.6)) * span
    first = []
    for _ in range(half):
        born = ring.start + float(rng.uniform(0, min(spread, 0.3 * span)))
        struck = max(strike + float(rng.exponential(0.1)), born + 0.5)
        end = min(born + 0.5 + float(rng.exponential(3 * life)), struck)
        first.append(Life(born, min(end, ring.until), -1))
    second = []
    for number in range(ring.size - half):
        heir = number if number < half else -1
        after = first[heir].lost if heir >= 0 else strike
        born = after + float(rng.exponential(respawn / 4))
        end = born + 0.5 + float(rng.exponential(life))
        second.append(Life(born, min(end, ring.until), heir))
    return first + second
