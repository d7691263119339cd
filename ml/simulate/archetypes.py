"""The honest population: who they are, how they work, and whom they look like.

Shares and rates follow the design of the benchmark; a `lookalike` shares a network, a
scaffold, a payer or a rhythm with others for an innocent reason.
"""

from dataclasses import dataclass, field
from typing import Final

Weights = dict[str, float]
_ANYTHING: Final[Weights] = {
    "chat": 0.46,
    "coding": 0.27,
    "product": 0.16,
    "agent": 0.04,
    "reasons": 0.025,
    "rubric": 0.02,
    "benchmark": 0.015,
    "batch": 0.01,
}


@dataclass(frozen=True, slots=True)
class Archetype:
    """Parameters from which every account draws its own.

    `rate` is (median requests on an active day, log-sd); `days` the Beta law of the
    share of active days; `life` mean days until the account falls quiet; `hours` is
    (local peak, sd between accounts, width in hours, share spread over all hours);
    `fillers` is (median number of own inputs, chance of an input others have too);
    `regulars` the share of those below windows who use it most days.
    """

    name: str
    share: float
    lookalike: bool = False
    organization: float = 0.0
    rate: tuple[float, float] = (5, 1.0)
    days: tuple[float, float] = (1.2, 4.2)
    life: float = 45
    turns: float = 2.3
    hours: tuple[float, float, float, float] = (17, 3, 3.2, 0.04)
    weekend: float = 0.75
    group_size: int = 0
    net: Weights = field(default_factory=lambda: {"home": 0.8, "mobile": 0.2})
    second_net: Weights = field(default_factory=lambda: {"mobile": 0.6, "office": 0.4})
    second_share: float = 0.25
    channel: Weights = field(default_factory=lambda: {"self_serve": 1.0})
    pay: Weights = field(default_factory=lambda: {"card": 0.8, "none": 0.2})
    mail: Weights = field(
        default_factory=lambda: {
            "free": 0.74,
            "corporate": 0.2,
            "alias": 0.05,
            "disposable": 0.01,
        }
    )
    styles: Weights = field(default_factory=lambda: dict(_ANYTHING))
    templates: tuple[int, int] = (1, 3)
    framework: float = 0.3
    fillers: tuple[float, float] = (120, 0.03)
    regulars: float = 0.085
    abroad: float = 0.04
    prepaid: float = 0.0
    plan: Weights = field(
        default_factory=lambda: {"free": 0.35, "payg": 0.45, "pro": 0.2}
    )


_CORPORATE: Final[Weights] = {"corporate": 0.8, "free": 0.2}
_CLOUD: Final[Weights] = {"cloud": 0.85, "office": 0.15}
_TEAM: Final[Weights] = {"payg": 0.6, "team": 0.4}
_BIG: Final[Weights] = {"enterprise": 1.0}
_INVOICE: Final[Weights] = {"invoice": 0.7, "card": 0.2, "bank": 0.1}
_FLAT: Final = (14.0, 4.0, 4.0, 0.35)

ARCHETYPES: Final = (
    Archetype("individual", 0.426),
    Archetype(
        "startup", 0.11, organization=0.8, rate=(9, 1.7), days=(1.8, 1.8), life=120,
        turns=1.4, hours=(15, 3, 4, 0.25), weekend=0.6, net=_CLOUD,
        second_net={"office": 0.6, "home": 0.4}, second_share=0.12, mail=_CORPORATE,
        channel={"self_serve": 0.8, "startup": 0.2}, plan=_TEAM,
        styles={"product": 0.6, "batch": 0.1, "agent": 0.15, "rubric": 0.06,
        "reasons": 0.05, "benchmark": 0.04}, templates=(1, 5),
        framework=0.25, fillers=(400, 0.02),
        regulars=0.14,
    ),
    Archetype(
        "enterprise", 0.006, organization=1, rate=(2500, 1.4), days=(2, 1), life=0,
        turns=1, hours=(13, 4, 3, 0.3), weekend=0.4, net={"cloud": 0.7, "office": 0.3},
        second_share=0.05, mail={"corporate": 1}, channel={"sales": 1}, pay=_INVOICE,
        styles={"batch": 0.6, "product": 0.4}, framework=0.1, fillers=(5000, 0),
        plan=_BIG,
    ),
    Archetype(
        "masked_enterprise", 0.005, True, 1, (60, 0.8), (3, 1), 0, 1, _FLAT, 0.6,
        net={"cloud": 1}, second_share=0, mail={"corporate": 1}, channel={"sales": 1},
        pay=_INVOICE, styles={"product": 0.5, "batch": 0.5}, templates=(1, 2),
        framework=0, fillers=(800, 0), plan=_BIG,
        regulars=0.34,
    ),
    Archetype(
        "campus", 0.07, True, 0.05, (7, 0.9), (1.3, 3.2), 70, 2.0, (16, 3, 3.5, 0.03),
        group_size=30, net={"campus": 0.75, "home": 0.25},
        second_net={"home": 0.7, "mobile": 0.3},
        second_share=0.35, channel={"education": 0.7, "self_serve": 0.3},
        pay={"credit": 0.6, "none": 0.2, "card": 0.2},
        mail={"education": 0.85, "free": 0.15},
        styles={"chat": 0.5, "coding": 0.5}, framework=0.15, fillers=(25, 0.55),
        regulars=0.085,
    ),
    Archetype(
        "hackathon", 0.025, True, 0.05, (30, 0.9), (40, 1), 2, 2.5, (17, 3, 6, 0.15), 1,
        group_size=30, net={"venue": 0.85, "mobile": 0.15}, second_net={"mobile": 1},
        second_share=0.15, channel={"self_serve": 0.6, "partner": 0.4},
        pay={"credit": 0.8, "none": 0.2}, styles={"agent": 0.5, "coding": 0.5},
        framework=0.3, fillers=(30, 0.2),
        regulars=0,
    ),
    Archetype(
        "gateway", 0.0015, True, 1, (900, 0.6), (60, 1), 0, 1.4, (14, 3, 5, 0.6), 0.85,
        net={"gateway": 1}, second_share=0, mail={"corporate": 1},
        channel={"sales": 0.7, "partner": 0.3},
        pay=_INVOICE, styles={"chat": 0.4, "product": 0.6}, templates=(5, 5),
        framework=0.4,
        fillers=(9000, 0.05), plan=_BIG,
    ),
    Archetype(
        "gateway_tenant", 0.02, True, 0.5, (14, 1.2), (2, 1.5), 100, 1.8, (15, 4, 5,
        0.25),
        group_size=20, net={"gateway": 0.95, "home": 0.05}, second_share=0.03,
        abroad=0.35,
        channel={"partner": 0.6, "self_serve": 0.4},
        mail={"free": 0.5, "corporate": 0.5},
        styles={"product": 0.5, "chat": 0.3, "agent": 0.2}, framework=0.35,
        fillers=(200, 0.05),
        regulars=0.17,
    ),
    Archetype(
        "privacy", 0.03, True, 0.05, net={"vpn": 0.75, "tor": 0.1, "relay": 0.15},
        second_net={"home": 1}, second_share=0.1, abroad=0.6, prepaid=0.2,
        mail={"free": 0.5, "alias": 0.35, "disposable": 0.1, "corporate": 0.05},
    ),
    Archetype(
        "researcher", 0.008, True, 0.3, (45, 1.0), (2, 2), 150, 1.1, (15, 4, 4, 0.3),
        0.9,
        net={"campus": 0.4, "cloud": 0.6}, channel={"research": 0.6, "self_serve": 0.4},
        mail={"education": 0.5, "corporate": 0.3, "free": 0.2},
        pay={"card": 0.5, "credit": 0.5},
        styles={"benchmark": 0.6, "rubric": 0.25, "reasons": 0.15}, templates=(2, 5),
        framework=0.1, fillers=(250, 0.6),
        regulars=0.22,
    ),
    Archetype(
        "red_team", 0.004, True, 0.3, (20, 0.8), (2, 2), 150, 1.6,
        channel={"research": 1},
        styles={"probe": 0.8, "rubric": 0.2}, framework=0, fillers=(400, 0.05),
        regulars=0.22,
    ),
    Archetype(
        "nomad", 0.02, True, 0.15, (8, 0.9),
        net={"vpn": 0.1, "home": 0.5, "mobile": 0.4},
        second_net={"mobile": 0.5, "venue": 0.5}, second_share=0.4, abroad=0.7,
    ),
    Archetype(
        "newcomer", 0.02, True, 0.02, (6, 0.9), net={"home": 0.5, "mobile": 0.5},
        group_size=4, abroad=0.8, prepaid=0.6, mail={"free": 0.95, "disposable": 0.05},
    ),
    Archetype(
        "mobile_region", 0.08, True, 0.05, (6, 1.0), net={"mobile": 0.95, "home": 0.05},
        second_net={"home": 1}, second_share=0.05, prepaid=0.25,
    ),
    Archetype(
        "framework_user", 0.07, True, 0.2, (14, 1.0), (1.5, 3), 70, 3.1,
        (18, 3, 3.5, 0.08), net={"home": 0.6, "cloud": 0.4}, styles={"agent": 1},
        templates=(1, 2), framework=1, fillers=(90, 0.12),
        regulars=0.12,
    ),
    Archetype(
        "ci_runner", 0.01, True, 0.9, (40, 1.0), (5, 2), 200, 1, (13, 3, 4, 0.3), 0.35,
        net={"cloud_wide": 1}, second_share=0, mail=_CORPORATE, plan=_TEAM,
        styles={"product": 0.6, "benchmark": 0.4}, templates=(1, 3), framework=0.1,
        fillers=(40, 0),
        regulars=0.34,
    ),
    Archetype(
        "failover_router", 0.003, True, 1, (40, 0.7), (4, 1), 0, 1, _FLAT, 0.8,
        group_size=3, net={"cloud": 1}, mail={"corporate": 1}, plan=_TEAM,
        styles={"product": 1}, templates=(2, 4), framework=0.2, fillers=(600, 0.05),
        regulars=0.45,
    ),
    Archetype(
        "synthetic_data", 0.004, True, 1, (150, 0.7), (4, 2), 0, 1, (14, 4, 4, 0.5),
        0.8,
        net={"cloud": 1}, mail={"corporate": 1}, channel={"sales": 1}, pay=_INVOICE,
        styles={"reasons": 0.4, "rubric": 0.4, "batch": 0.2}, framework=0,
        fillers=(1e9, 0), plan=_BIG,
        regulars=0.45,
    ),
    Archetype(
        "small_distiller", 0.003, True, 1, (60, 0.7), (4, 2), 120, 1, (14, 4, 4, 0.5),
        0.8,
        net={"cloud": 1}, mail=_CORPORATE, styles={"reasons": 0.5, "rubric": 0.5},
        framework=0, fillers=(1e9, 0), plan=_TEAM,
        regulars=0.39,
    ),
    Archetype(
        "audit_logging", 0.004, True, 1, (60, 0.8), (4, 1), 0, 1, (13, 2, 3.5, 0.05),
        0.3,
        net=_CLOUD, mail={"corporate": 1}, channel={"sales": 0.6, "self_serve": 0.4},
        pay=_INVOICE, styles={"reasons": 0.6, "product": 0.4}, framework=0,
        fillers=(3000, 0), plan=_TEAM,
        regulars=0.39,
    ),
    Archetype(
        "document_pipeline", 0.008, True, 0.9, (70, 1.0), (4, 2), 160, 1,
        (14, 5, 4, 0.45), 0.8, net=_CLOUD, mail=_CORPORATE, styles={"batch": 1},
        templates=(1, 2), framework=0, fillers=(1e9, 0), plan=_TEAM,
        regulars=0.39,
    ),
    Archetype(
        "nightly_eval", 0.006, True, 1, (60, 0.6), (8, 1), 0, 1, (2, 3, 0.4, 0.03),
        0.6, net={"cloud": 1}, second_share=0, mail={"corporate": 1}, pay=_INVOICE,
        styles={"benchmark": 0.7, "rubric": 0.3}, templates=(2, 4), framework=0.1,
        fillers=(150, 0), plan=_TEAM, regulars=0.4,
    ),
    Archetype(
        "late_gateway", 0.008, True, 0.3, (14, 1.2), (2, 1.5), 100, 1.8,
        (15, 4, 5, 0.25), group_size=25, net={"cloud_wide": 0.95, "home": 0.05},
        second_share=0.03, abroad=0.35,
        channel={"partner": 0.6, "self_serve": 0.4},
        styles={"product": 0.4, "chat": 0.4, "agent": 0.2}, framework=0.35,
        fillers=(200, 0.05), regulars=0.17,
    ),
    Archetype(
        "household", 0.02, True, 0, (5, 0.9), group_size=3, net={"home": 1},
        second_net={"mobile": 1},
    ),
    Archetype(
        "stolen_key", 0.002, True, 0.6, (14, 1.0), (2, 1.4), 150, 1.4, net=_CLOUD,
        mail=_CORPORATE, styles={"product": 1}, fillers=(300, 0.02), plan=_TEAM,
        regulars=0.29,
    ),
    Archetype(
        "other_fraud", 0.012, False, 0.05, (20, 1.1), (3, 2), 14, 1.3,
        (15, 6, 5, 0.4), 0.95, group_size=5,
        net={"vpn": 0.35, "cloud": 0.4, "home": 0.25}, abroad=0.6, prepaid=0.5,
        mail={"free": 0.55, "disposable": 0.4, "alias": 0.05},
        styles={"spam": 0.7, "chat": 0.3}, framework=0.1, fillers=(300, 0.05),
        regulars=0.17,
    ),
)  # fmt: skip
NAMES: Final = tuple(kind.name for kind in ARCHETYPES)
INDEX: Final = {name: at for at, name in enumerate(NAMES)}
LOOKALIKE: Final = tuple(kind.lookalike for kind in ARCHETYPES)
