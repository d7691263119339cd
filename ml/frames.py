"""What stages hand to each other: columns over accounts, never one row at a time."""

from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FeatureFrame:
    """Feature values as of one moment.

    `values` is float64 [accounts, features] in the order of `names`; NaN is missing.
    `has_usage` is bool [accounts]: whether the account has any usage known by then.
    """

    account_ids: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    has_usage: NDArray[np.bool_]
    catalogue: str = ""

    def column(self, name: str) -> NDArray[np.float64]:
        return self.values[:, self.names.index(name)]

    def select(self, names: tuple[str, ...]) -> NDArray[np.float64]:
        """Return the columns of `names`, in that order; raise KeyError if one lacks."""
        index = {name: at for at, name in enumerate(self.names)}
        return self.values[:, [index[name] for name in names]]

    def among(self, accounts: Container[str]) -> NDArray[np.bool_]:
        """Return which rows are of these accounts: bool [accounts]."""
        return np.array([one in accounts for one in self.account_ids], dtype=bool)

    def rows(self, chosen: NDArray[np.bool_]) -> "FeatureFrame":
        """Keep the chosen accounts; `chosen` is bool [accounts]."""
        kept = tuple(np.asarray(self.account_ids, dtype=object)[chosen])
        return FeatureFrame(
            kept,
            self.names,
            self.values[chosen],
            self.has_usage[chosen],
            self.catalogue,
        )


@dataclass(frozen=True, slots=True)
class RingPart:
    """An account's strongest ring as of one moment; `agreement` is m in [0, 1].

    `company` is what the account shares with suspicious others, in log-odds: evidence
    about itself, whether or not it stands in a ring. Without a ring_id no ring is
    claimed: `probability` is then the chance that it acts with some of those others,
    by its conduct as the shipped starter sees it and by its company.
    """

    ring_id: str | None
    probability: float
    agreement: float
    level: str
    views: tuple[str, ...] = ()
    company: float = 0.0

    @property
    def words(self) -> str:
        """Return what standing there means; company by itself is told elsewhere."""
        if self.ring_id is None:  # of scores from before company was kept
            return (
                f"Shares rare values with accounts whose own conduct is suspicious."
                f" With probability {self.probability:.0%} it acts with some of them;"
                f" with which ones is not known."
            )
        return (
            f"Acts with group {self.ring_id}: the group is under one operator with"
            f" probability {self.probability:.0%}, and {self.agreement:.0%} of what"
            f" joins it holds for this account."
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """One principal reason: a family's part of the sum, in evidence points."""

    code: str
    family: str
    direction: str  # raises | lowers
    points: float
    text: str
    customer_safe_key: str | None
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model and the ring say of one account, with every part of the sum.

    `names` are all columns of the catalogue; one that the model does not read has the
    contribution 0. low and high bound the probability, joined with the ring as it is.
    margin = sum(contributions), in log-odds, the last contribution is the base;
    own_probability = calibrated(margin); with company it is expit(logit(own) +
    ring.company) instead; probability is that joined with the ring:
    1 - (1 - own) * (1 - ring.probability * ring.agreement).
    adaptation: starter, calibrated or trained, as in the model's manifest.
    """

    account_id: str
    model_id: str
    names: tuple[str, ...]
    features: tuple[float, ...]
    contributions: tuple[float, ...]
    margin: float
    own_probability: float
    low: float
    high: float
    probability: float
    ring: RingPart | None
    reasons: tuple[Reason, ...] = field(default=())
    adaptation: str = "trained"
