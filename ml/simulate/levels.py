"""The ladder of evasion: what rings of each level still share."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Level:
    """Centers for one level; every ring draws its own values around them.

    Shares are chances per account: `card` to pay with a ring card (of `cards` cards on
    `bins` BINs), `mail` to use the ring's address script, `device` to sign up on a ring
    device, `script` to fill the form by script, `stack` to call with the ring's client.
    `keep` is the share of work in one of `clones` common scaffolds (the rest is
    paraphrased), `cover` the share of ordinary traffic,
    `flat` of hours without a night,
    `elicits` how much of the edge classifier's alarm is left. `exits` is the proxy
    pool's size and `lease` the days on one exit; `spread` the days over which sign-ups
    happen, `ageing` how long before; `respawn` hours to a replacement and `residue` the
    chance that it carries the predecessor's mark. `legacy` is the chance that the
    provider's older rules suspend the account.
    """

    name: str
    network: str
    exits: int
    lease: float
    card: float
    cards: int
    bins: int
    bought: float  # virtual or prepaid cards
    disposable: float
    mail: float
    device: float
    script: float
    stack: float
    clones: int
    keep: float
    cover: float
    flat: float
    weekend: float
    elicits: float
    spread: float
    ageing: float
    life: float
    respawn: float
    residue: float
    legacy: float
    weights: float  # log-sd of the accounts' shares of the work
    stagger: float  # hours over which the ring moves to a new model
    focus: float  # share of templates in the campaign's own style


LEVELS: Final = (
    Level(
        "L0", "cloud", 20, 40, 0.95, 2, 1, 0.8, 0.5, 0.95, 0.95, 0.9, 0.98, 1, 1.0, 0.0,
        1.0, 1.0, 0.9, 0.3, 0, 20, 2, 0.9, 0.4, 0.05, 12, 1.0,
    ),
    Level(
        "L1", "vpn", 60, 0.5, 0.8, 12, 1, 0.6, 0.35, 0.8, 0.75, 0.7, 0.85, 4, 0.95,
        0.02,
        0.85, 1.0, 0.6, 1, 0, 26, 4, 0.7, 0.25, 0.1, 16, 0.9,
    ),
    Level(
        "L2", "proxy", 40, 0.4, 0.35, 10, 3, 0.4, 0.15, 0.45, 0.5, 0.3, 0.6, 12, 0.8,
        0.2, 0.45, 0.9, 0.3, 4, 1, 32, 8, 0.5, 0.12, 0.2, 20, 0.7,
    ),
    Level(
        "L3", "proxy", 400, 1.5, 0.2, 12, 8, 0.2, 0.05, 0.2, 0.25, 0.1, 0.35, 30, 0.5,
        0.5, 0.15, 0.8, 0.12, 8, 8, 36, 12, 0.3, 0.06, 0.3, 24, 0.5,
    ),
    Level(
        "L4", "proxy", 3000, 4, 0.08, 25, 25, 0.1, 0.02, 0.08, 0.1, 0.03, 0.15, 60,
        0.25,
        0.8, 0.05, 0.75, 0.05, 15, 30, 42, 24, 0.15, 0.03, 0.5, 36, 0.35,
    ),
    Level(
        "L5", "own", 20000, 60, 0.02, 100, 100, 0.06, 0.01, 0.02, 0.03, 0.0, 0.05, 120,
        0.08, 0.5, 0.0, 0.75, 0.02, 20, 60, 55, 48, 0.05, 0.01, 1.0, 60, 0.15,
    ),
)  # fmt: skip
MECHANISMS: Final = ("round_robin", "random_split", "sticky_shards")
CAMPAIGNS: Final = ("A", "B", "C")
CAMPAIGN_STYLES: Final = {
    "A": {"rubric": 0.45, "reasons": 0.4, "probe": 0.05, "product": 0.1},
    "B": {"agent": 0.4, "product": 0.35, "batch": 0.25},
    "C": {"agent": 0.7, "product": 0.15, "benchmark": 0.15},
}
CAMPAIGN_TURNS: Final = {"A": 1.1, "B": 1.8, "C": 4.0}
