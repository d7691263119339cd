"""The ladder of evasion: what rings of each level still share."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Level:
    """Centers for one level; every ring draws its own values around them.

    Shares are chances per account: `card` to pay with a ring card (of `cards` cards on
    `bins` BINs), `bought` to have a virtual or prepaid one, `mail` to use the ring's
    address script, `device` to sign up on a ring device, `script` to fill the form by
    script, `stack` to call with the ring's client.

    `exits` is the proxy pool's size and `lease` the days on one exit. `keep` is the
    share of work in one of `clones` common scaffolds (the rest is paraphrased), `focus`
    of templates in the campaign's own style, `cover` of ordinary traffic, `flat` of
    hours without a night, `days` of days at work, `weekend` of work left then,
    `elicits` of requests that the edge classifier notices, `weights` the log-sd of the
    accounts' shares of the work.

    `spread` is the days over which sign-ups happen, `ageing` how long before, `life`
    the mean days until an account is lost, `respawn` the hours to a replacement and
    `residue` the chance that it carries its predecessor's mark. `legacy` is the chance
    that the provider's older rules suspend the account, `stagger` the hours over which
    a ring moves to a new model.
    """

    name: str
    network: str
    exits: float
    lease: float
    card: float
    cards: float
    bins: float
    bought: float
    disposable: float
    mail: float
    device: float
    script: float
    stack: float
    clones: float
    keep: float
    cover: float
    flat: float
    weekend: float
    days: float
    elicits: float
    spread: float
    ageing: float
    life: float
    respawn: float
    residue: float
    legacy: float
    weights: float
    stagger: float
    focus: float


# one row a field, one column a level
_NETWORKS: Final = ("cloud", "vpn", "proxy", "proxy", "proxy", "own")
_FIELDS: Final = {
    "exits": (20, 60, 40, 400, 3000, 20000),
    "lease": (40, 0.5, 1.2, 3, 5, 14),
    "card": (0.95, 0.8, 0.3, 0.15, 0.06, 0.02),
    "cards": (2, 12, 12, 20, 30, 100),
    "bins": (1, 1, 3, 8, 25, 100),
    "bought": (0.8, 0.6, 0.35, 0.2, 0.1, 0.06),
    "disposable": (0.5, 0.35, 0.15, 0.05, 0.02, 0.01),
    "mail": (0.95, 0.8, 0.4, 0.15, 0.06, 0.02),
    "device": (0.95, 0.8, 0.3, 0.1, 0.04, 0.02),
    "script": (0.9, 0.75, 0.2, 0.06, 0.02, 0.0),
    "stack": (0.98, 0.85, 0.6, 0.35, 0.15, 0.05),
    "clones": (1, 4, 12, 30, 60, 120),
    "keep": (1.0, 0.95, 0.8, 0.5, 0.25, 0.08),
    "cover": (0.0, 0.02, 0.25, 0.5, 0.8, 0.5),
    "flat": (1.0, 0.8, 0.3, 0.1, 0.04, 0.0),
    "weekend": (1.0, 1.0, 0.9, 0.8, 0.75, 0.75),
    "days": (1.0, 1.0, 0.9, 0.8, 0.75, 0.7),
    "elicits": (0.9, 0.45, 0.08, 0.03, 0.015, 0.01),
    "spread": (0.3, 1, 4, 8, 15, 20),
    "ageing": (0, 0, 1, 8, 30, 60),
    "life": (26, 34, 42, 46, 52, 62),
    "respawn": (2, 4, 8, 12, 24, 48),
    "residue": (0.9, 0.7, 0.5, 0.3, 0.15, 0.05),
    "legacy": (0.4, 0.25, 0.12, 0.06, 0.03, 0.01),
    "weights": (0.05, 0.1, 0.2, 0.3, 0.5, 1.0),
    "stagger": (12, 16, 20, 24, 36, 60),
    "focus": (1.0, 0.9, 0.55, 0.35, 0.2, 0.1),
}
LEVELS: Final = tuple(
    Level(
        name=f"L{at}",
        network=network,
        **{field: float(values[at]) for field, values in _FIELDS.items()},
    )
    for at, network in enumerate(_NETWORKS)
)
MECHANISMS: Final = ("round_robin", "random_split", "sticky_shards")
CAMPAIGNS: Final = ("A", "B", "C")
CAMPAIGN_STYLES: Final = {
    "A": {"rubric": 0.45, "reasons": 0.4, "probe": 0.05, "product": 0.1},
    "B": {"agent": 0.4, "product": 0.35, "batch": 0.25},
    "C": {"agent": 0.7, "product": 0.15, "benchmark": 0.15},
}
CAMPAIGN_TURNS: Final = {"A": 1.1, "B": 1.8, "C": 4.0}
