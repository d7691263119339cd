"""Bad company: values whose other holders behave like abuse, and who else holds them.

Quiet accounts of one operator share little, and each of them looks almost clean. Yet
what little they share they share with others who look almost clean in the same way, as
a family or a firm does not. So every value is judged by the conduct of its holders: one
that many suspicious accounts hold is some operator's own, and a holder more takes part
in it. No pair of accounts is built, and nobody's conduct speaks through its own values.

No ring is claimed: several operators may rent exits of one vendor.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.calibrate import logit
from ml.rings.conduct import Conduct
from ml.rings.evidence import USUAL_HOME
from ml.rings.links import Links
from ml.rings.place import POINTS, VIEW_NAMES
from ml.starter import BASE_RATE

Floats = NDArray[np.float64]

OWNED: Final = 0.9  # of the holders of an operator's value, its share
# What one holder's conduct, or a finding about it, may say: bounded, so that no single
# account makes a value suspect (Huber 1964, on bounded influence).
CLEAN, SUSPECT = -3.0, 1.5
LEAST_STRENGTH: Final = 0.5  # of a value; what half of the trusted hold says nothing
SPREAD: Final = 40.0  # log-odds beyond which a value is settled
DOUBT: Final = 20.0  # values whose share is BASE_RATE, added to each sort
SORTS: Final = 3  # by holders: two, four and eight or more
MOST: Final = 6.0  # that one value may say
# How far each view speaks of one operator. Families share cards and addresses, names
# build equal patterns by chance; joint work and silence have their place in rings.
WEIGHTS: Final[dict[str, float]] = {
    "identity": 0.15,
    "payment": 0.2,
    "network": 0.8,
    "device": 0.6,
    "shape": 0.9,
    "work": 0.15,
    "reaction": 0.15,
}
AT_HOME: Final = ("identity", "payment", "network", "device")  # one home explains all
SPEAKS: Final = 2.0  # log-likelihood ratio from which a view counts as agreeing
PRIOR: Final = logit(BASE_RATE)
# Chance below which nothing is told: on a site where values are dealt out at random
# smaller ones are many, and a model that thinks ill of many would take them for more.
LEAST: Final = 0.2
_WEIGHT: Final = np.array([WEIGHTS[name] for name in VIEW_NAMES])


@dataclass(frozen=True, slots=True)
class Associations:
    """Of every account: log-odds of taking part in some operator's work.

    log_odds [accounts] = own + parts.sum(axis=1) + PRIOR, in nats. `own`
    [accounts] is its bounded conduct, `parts` [accounts, views] what the strongest
    value of each view adds, and `value` (int64, -1 for none) which value that is.
    """

    log_odds: Floats
    own: Floats
    parts: Floats
    value: NDArray[np.int64]

    @property
    def probability(self) -> Floats:
        return np.asarray(1.0 / (1.0 + np.exp(-self.log_odds)))


@dataclass(frozen=True, slots=True)
class Associate:
    """An account in bad company; `values` say what it shares, the strongest first."""

    account_id: str
    probability: float
    log_odds: float
    own: float
    values: tuple[dict[str, Any], ...]


def associate(links: Links, conduct: Conduct, own: Floats) -> Associations:
    """Weigh every account by the company in which its values put it.

    `own` [accounts] is what the conduct of each says of it, in nats.
    """
    own = np.clip(np.nan_to_num(own), CLEAN, SUSPECT)  # unknown says nothing
    # a permit explains suspicious conduct
    own = np.where(conduct.permitted > 0, np.minimum(own, 0.0), own)
    telling = (links.strength >= LEAST_STRENGTH) & (links.holders > 1)
    rows = telling[links.value]
    account = links.account[rows].astype(np.int64)
    value = links.value[rows].astype(np.int64)
    # what people found out of a holder stands for its conduct, but for others alone: an
    # account is not scored by what was said of it
    known = np.where(conduct.confirmed > 0, SUSPECT, CLEAN)
    voice = np.where(np.isnan(conduct.confirmed), own, known)
    says = _of_one_operator(voice)[account]
    together = np.bincount(value, says, len(links.strength)).astype(np.float64)
    prior = _usual(links, telling, together)
    others = np.clip(prior[value] + together[value] - says, -SPREAD, SPREAD)
    ratio = np.minimum(_of_holding(others), MOST)
    parts, strongest = _by_view(links, account, value, ratio)
    parts = np.where(_of_one_home(parts, strongest, links), 0.0, parts)
    lone = (parts >= SPEAKS).sum(axis=1) <= 1
    # one shared trait has too many innocent causes for who behaves well
    parts = np.where((lone & (own <= 0))[:, None], 0.0, parts * _WEIGHT)
    log_odds = own + parts.sum(axis=1) + PRIOR
    return Associations(log_odds, own, parts, strongest)


def _of_one_operator(own: Floats) -> Floats:
    """Log-likelihood ratio of a holder: of an operator's value against anybody's."""
    ratio = np.exp(own)
    inside = OWNED * ratio + 1.0 - OWNED
    return np.asarray(np.log(inside / (BASE_RATE * ratio + 1.0 - BASE_RATE)))


def _of_holding(log_odds: Floats) -> Floats:
    """Log-likelihood ratio of an account for holding a value with these log-odds."""
    chance = 1.0 / (1.0 + np.exp(-log_odds))
    bad = chance * OWNED + (1.0 - chance) * BASE_RATE
    return np.asarray(np.log(bad) - np.log1p(-bad) - PRIOR)


def _usual(links: Links, telling: NDArray[np.bool_], together: Floats) -> Floats:
    """Return, per value, the log-odds that one of its sort is an operator's.

    Sorts are kinds by number of holders. Their shares are those under which what the
    holders say is most likely, learnt on the site itself (expectation-maximization,
    Dempster, Laird and Rubin 1977), with DOUBT.
    """
    _, kind = np.unique(links.kind_of.astype(str), return_inverse=True)
    size = np.minimum(np.log2(np.maximum(links.holders, 1)), SORTS).astype(np.int64)
    sort = (kind * (SORTS + 1) + size)[telling]
    log_ratio = np.clip(together[telling], -SPREAD, SPREAD)
    count = np.bincount(sort) if len(sort) else np.zeros(1)
    share = np.full(len(count), BASE_RATE)
    for _ in range(50):
        odds = share[sort] / (1.0 - share[sort]) * np.exp(log_ratio)
        owned = np.bincount(sort, odds / (1.0 + odds), len(count))
        share = (owned + DOUBT * BASE_RATE) / (count + DOUBT)
    found = np.full(len(links.strength), PRIOR)
    found[telling] = np.log(share[sort]) - np.log1p(-share[sort])
    return found


def _by_view(
    links: Links, account: NDArray[np.int64], value: NDArray[np.int64], ratio: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the strongest ratio of each account in each view, and its value."""
    shape = (len(links.account_ids), len(VIEW_NAMES))
    cell = account * shape[1] + links.view_of[value]
    best = np.zeros(shape[0] * shape[1])
    np.maximum.at(best, cell, ratio)
    strongest = np.full(len(best), -1, dtype=np.int64)
    first = np.flatnonzero((ratio > 0) & (ratio == best[cell]))
    # of equal ones that which most hold stays: it is no home's
    first = first[np.argsort(links.holders[value[first]], kind="stable")]
    strongest[cell[first]] = value[first]
    return best.reshape(shape), strongest.reshape(shape)


def _of_one_home(
    parts: Floats, strongest: NDArray[np.int64], links: Links
) -> NDArray[np.bool_]:
    """Return what a home says over again: bool [accounts, views].

    A family shares its card, device, network and address at once, and one odd member
    would speak through each of them. Of values that so few hold the strongest counts.
    """
    holders = np.append(links.holders, USUAL_HOME)  # the last stands for no value
    few = holders[strongest] < USUAL_HOME
    homely = few & (parts > 0) & np.isin(VIEW_NAMES, AT_HOME)
    first = np.where(homely, parts * _WEIGHT, -1.0).argmax(axis=1)
    homely[np.arange(len(homely)), first] = False
    return homely


def associates(found: Associations, links: Links) -> list[Associate]:
    """Return the accounts of which enough is told, by account id."""
    chance = found.probability
    told = (chance >= LEAST) & (found.parts.sum(axis=1) > 0)
    return [
        Associate(
            str(links.account_ids[code]),
            float(chance[code]),
            float(found.log_odds[code]),
            float(found.own[code]),
            _values(found.parts[code], found.value[code], links),
        )
        for code in np.flatnonzero(told)
    ]


def _values(
    parts: Floats, values: NDArray[np.int64], links: Links
) -> tuple[dict[str, Any], ...]:
    views = [view for view in np.argsort(-parts, kind="stable") if parts[view] > 0]
    return tuple(
        {
            "view": VIEW_NAMES[view],
            "kind": str(links.kind_of[values[view]]),
            "value": str(links.text_of[values[view]]),
            "others": int(links.holders[values[view]]) - 1,
            "log_odds": float(parts[view]),
            "points": round(float(parts[view]) * POINTS, 2),
        }
        for view in views
    )
