"""The order of the queue: expected harm avoided for each minute of a reviewer."""

import math
from typing import NamedTuple

from apps.review.choices import Lane, Mode

# Abuse harm grows with volume: 1.0 is this many tokens an hour.
TOKENS_PER_HARM = 50_000.0
HARM_FLOOR, HARM_CEILING = 0.05, 10.0
# Cost an hour to a good customer while the machine's action stands.
FRICTION = {"challenge": 0.3, "limit": 0.5, "hold": 0.8}
MINUTES = {
    Lane.HARM: 4.0,
    Lane.WAITING: 3.0,
    Lane.RING: 12.0,
    Lane.SANCTIONS: 6.0,
    Lane.AUDIT: 4.0,
}
# Above what any stake reaches: audits are few, and one that waits for good spoils what
# the others measure. The same for every account, so that the order tells nothing.
AUDIT_RANK = 4.0
AUDIT_DAYS = 28  # over which the share of audits among conclusions is kept
ACTIVE_DAYS = 2.0
# An interval no wider than this, and not around even odds, is one the model is sure of.
NARROW, EVEN = 0.15, 0.5
CHEAP, CHEAP_STAKE = "challenge", 2
BLIND_SHARE = 20  # one case in twenty measures automation bias
BANDS = (0.02, 0.10, 0.30, 0.70)
STAKES = (0.1, 0.3, 1.0, 3.0)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SPREAD = 0x9E3779B1  # odd, so that multiplication permutes any power of two


class Stakes(NamedTuple):
    """h, f and m of `rank`, and the probability a that the account is still active."""

    harm: float
    friction: float
    minutes: float
    active: float


def rank(probability: float, stakes: Stakes) -> float:
    """[p * h * a + (1 - p) * f] / m: both sides of a wrong wait, for each minute."""
    abuse = probability * stakes.harm * stakes.active
    good = (1.0 - probability) * stakes.friction
    return (abuse + good) / stakes.minutes


def stakes_for(
    *, action: str, lane: Lane, tokens_per_hour: float, idle_days: float
) -> Stakes:
    """Return the stakes of a case; `idle_days` is the time since the last request."""
    harm = min(HARM_CEILING, HARM_FLOOR + tokens_per_hour / TOKENS_PER_HARM)
    active = 1.0 if idle_days <= ACTIVE_DAYS else ACTIVE_DAYS / idle_days
    return Stakes(harm, FRICTION.get(action, 0.0), MINUTES[lane], active)


def sanctions_stakes() -> Stakes:
    """Return the stakes of a name that is like a listed one: the law does not wait."""
    return Stakes(HARM_CEILING, 0.0, MINUTES[Lane.SANCTIONS], 1.0)


def audits_due(*, percent: int, concluded: int, drawn: int) -> int:
    """Return how many accounts to draw: so many percent of conclusions, rounded up.

    Both counts are of the same last days; a desk that concludes nothing audits nothing.
    """
    return max(0, math.ceil(percent * concluded / 100) - drawn)


def stake_level(harm: float, friction: float) -> int:
    """Return 1 to 5 for the stake bar; the probability has no part in it."""
    return 1 + sum(harm + friction > bound for bound in STAKES)


def band_level(probability: float, bounds: tuple[float, ...] = BANDS) -> int:
    """Return 1 (minimal) to 5 (severe); `bounds` are the four lower bounds."""
    return 1 + sum(probability >= bound for bound in bounds)


def lane_for(action: str) -> Lane:
    """Put a customer who meets friction in one lane, running harm in the other."""
    return Lane.WAITING if action in FRICTION else Lane.HARM


def mode_for(*, action: str, low: float, high: float, stake: int, draw: int) -> Mode:
    """Route a case to a review mode; `draw` is an integer that no one chooses.

    Blind is a random slice. Assisted is only for asking a cheap proof, where little is
    at stake and the model is sure of itself; all else is judged on the evidence first.
    """
    if draw % BLIND_SHARE == 0:
        return Mode.BLIND
    cheap = action == CHEAP and stake <= CHEAP_STAKE
    if cheap and high - low <= NARROW and not low <= EVEN <= high:
        return Mode.ASSISTED
    return Mode.EVIDENCE_FIRST


def reference(number: int) -> str:
    """Return the short name of the n-th case, `C-XXXX`: unique, and not countable.

    Four characters up to 2^20 cases, then one more for each five bits.
    """
    size = 4
    while number >> (5 * size):
        size += 1
    mixed = (number * _SPREAD) & ((1 << (5 * size)) - 1)
    return "C-" + "".join(
        _ALPHABET[(mixed >> shift) & 31] for shift in range(5 * (size - 1), -1, -5)
    )
