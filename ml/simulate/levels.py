"""The ladder of evasion: what rings of each level still share."""

from dataclasses import dataclass, replace
from typing import Any, Final


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

    `rate` is exchanges an account and working day, `idle` the share of accounts that
    are kept in reserve and never used, `pivots` of those that follow the ring's move to
    a new model. `at_home` is the chance to call from the country that the account
    names, `servers` of those hosts who call from servers to go on doing so, `custom`
    that the ring's client is its own, `per_device` the accounts for each ring device,
    `leaks` the chance of the operator's own time zone, `phones` of a number from one
    block and `drops` of one of three postal addresses.

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
    rate: float
    idle: float
    pivots: float
    at_home: float
    servers: float
    custom: float
    per_device: float
    leaks: float
    phones: float
    drops: float


# one row a field, one column a level
_NETWORKS: Final = ("cloud", "vpn", "proxy", "proxy", "proxy", "own", "proxy")
_FIELDS: Final = {
    "exits": (20, 60, 40, 400, 3000, 20000, 3000),
    "lease": (40, 0.5, 1.2, 3, 8, 14, 8),
    "card": (0.95, 0.75, 0.34, 0.3, 0.05, 0.02, 0.12),
    "cards": (2, 12, 12, 20, 30, 100, 30),
    "bins": (1, 1, 3, 8, 25, 100, 12),
    "bought": (0.8, 0.6, 0.35, 0.3, 0.1, 0.02, 0.2),
    "disposable": (0.5, 0.24, 0.09, 0.08, 0.015, 0.01, 0.04),
    "mail": (0.95, 0.8, 0.4, 0.18, 0.06, 0.02, 0.1),
    "device": (0.95, 0.65, 0.27, 0.25, 0.03, 0.02, 0.08),
    "script": (0.9, 0.42, 0.1, 0.1, 0.01, 0.0, 0.04),
    "stack": (0.98, 0.85, 0.6, 0.35, 0.15, 0.05, 0.4),
    "clones": (1, 4, 12, 30, 60, 120, 40),
    "keep": (1.0, 0.95, 0.8, 0.5, 0.25, 0.08, 0.35),
    "cover": (0.0, 0.02, 0.25, 0.5, 0.8, 0.5, 0.0),
    "flat": (1.0, 0.6, 0.18, 0.1, 0.03, 0.0, 0.2),
    "weekend": (1.0, 1.0, 0.9, 0.8, 0.75, 0.75, 0.85),
    "days": (1.0, 1.0, 0.9, 0.72, 0.68, 0.7, 0.75),
    "elicits": (0.9, 0.3, 0.07, 0.06, 0.01, -1, -1),
    "spread": (0.3, 1, 4, 8, 15, 20, 12),
    "ageing": (0, 0, 1, 8, 30, 60, 15),
    "life": (66, 80, 92, 66, 64, 62, 45),
    "respawn": (2, 4, 8, 12, 24, 48, 6),
    "residue": (0.9, 0.7, 0.5, 0.3, 0.15, 0.05, 0.2),
    "legacy": (0.4, 0.25, 0.12, 0.06, 0.03, 0.01, 0.06),
    "weights": (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 0.5),
    "stagger": (12, 16, 20, 24, 36, 60, 6),
    "focus": (1.0, 0.9, 0.55, 0.35, 0.2, 0.1, 0.0),
    "rate": (78, 51, 29, 11.8, 8, 10, 8.5),
    "idle": (0, 0, 0.04, 0.12, 0.12, 0, 0.12),
    "pivots": (1.0, 1.0, 0.95, 0.8, 0.45, 0.0, 0.35),
    "at_home": (0.1, 0.4, 0.75, 0.8, 0.97, 1.0, 0.9),
    "servers": (0.0, 0.0, 0.6, 0.8, 0.9, 1.0, 0.8),
    "custom": (0.7, 0.6, 0.45, 0.3, 0.15, 0.05, 0.3),
    "per_device": (20, 12, 3, 2, 2, 2, 2),
    "leaks": (0.6, 0.4, 0.2, 0.08, 0.01, 0.01, 0.04),
    "phones": (0.7, 0.5, 0.3, 0.24, 0.05, 0.01, 0.08),
    "drops": (0.6, 0.4, 0.2, 0.14, 0.03, 0.01, 0.05),
}
LEVELS: Final = tuple(
    Level(
        name=f"L{at}",
        network=network,
        **{field: float(values[at]) for field, values in _FIELDS.items()},
    )
    for at, network in enumerate(_NETWORKS)
)
LADDER: Final = LEVELS[:6]  # rungs of evasion; level 6 is another trade, resale
TWINS, RESALE = 5, 6
FEW, RIDERS = 7, 8  # of worlds beside the main one
EVERY_LEVEL: Final = (
    *LEVELS,
    replace(LEVELS[2], name="few"),
    replace(LEVELS[3], name="riders", network="own"),
)
# what a knock-out takes from every ring: the trace is still there in name only
TRACES: Final[dict[str, dict[str, Any]]] = {
    "cards": {"card": 0.0},
    "devices": {"device": 0.0, "script": 0.0, "stack": 0.0},
    "sign-up": {"mail": 0.0, "disposable": 0.0, "phones": 0.0, "drops": 0.0},
    "network": {"network": "proxy", "exits": 20_000.0, "lease": 14.0},
    "wording": {"keep": 0.0},
    "hand-over": {"respawn": 480.0, "residue": 0.0},
    "release": {"pivots": 0.0},
}
MECHANISMS: Final = (
    "round_robin",  # every account in turn
    "random_split",  # whoever, by weight
    "sticky_shards",  # each account keeps its topics
    "shifts",  # a third of the accounts at a time, eight hours each
    "reserve",  # a second pool waits until the first is struck
)
# two halves of the operators: one to learn from, one to be tested on
OPERATORS: Final = {
    "all": MECHANISMS,
    "first": ("round_robin", "random_split"),
    "second": ("sticky_shards", "shifts", "reserve"),
}
CAMPAIGNS: Final = ("A", "B", "C")
RESELLER: Final = "R"
CAMPAIGN_STYLES: Final = {
    "A": {"rubric": 0.45, "reasons": 0.4, "probe": 0.05, "product": 0.1},
    "B": {"agent": 0.4, "product": 0.35, "batch": 0.25},
    "C": {"agent": 0.7, "product": 0.15, "benchmark": 0.15},
    RESELLER: {"chat": 0.55, "coding": 0.37, "product": 0.08},
}
CAMPAIGN_TURNS: Final = {"A": 1.1, "B": 1.8, "C": 4.0, RESELLER: 2.2}
