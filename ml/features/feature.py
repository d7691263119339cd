"""What a feature is: one number about one account, and everything people may ask of it.

The metadata stands beside the definition, because a number that cannot be explained
may not be used: the catalogue refuses to load when anything is missing or repeated.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

FAMILIES: Final = {
    "IDN": "Identity",
    "PAY": "Payment",
    "NET": "Network",
    "CLI": "Client and device",
    "KEY": "API keys",
    "VOL": "Volume",
    "RHY": "Rhythm and timing",
    "SHP": "Prompt shape and content categories",
    "LNK": "Attributes shared with other accounts",
    "RNG": "Joint behavior of a group",
    "ANS": "Answers to our own actions",
    "DAT": "Missing data",
}
GROUPS: Final = ("entry", "payment", "network", "usage")
UNITS: Final = {
    "flag": "yes or no",
    "count": "a whole number",
    "accounts": "other accounts",
    "days": "days",
    "seconds": "seconds",
    "share": "between 0 and 1",
    "times": "a multiple of the usual",
}
# What a customer may be told: the kind of finding and how to cure it, never the method.
CUSTOMER_TEXTS: Final = {
    "identity_details": (
        "Some details given for this account could not be confirmed. "
        "Verifying them helps."
    ),
    "payment_method": (
        "The payment method of this account could not be confirmed. "
        "Another method or an invoice helps."
    ),
    "payment_history": (
        "Payments of this account failed or were taken back. "
        "A successful payment helps."
    ),
    "account_security": (
        "This account was used from many places. "
        "Please check that its keys are not shared or exposed."
    ),
    "usage_pattern": (
        "The use of this account differs from what our terms allow without "
        "an agreement. Telling us about your use case helps."
    ),
}

_NAME = re.compile(
    r"(is_[a-z0-9_]+|[a-z0-9_]+_(count|ratio|times)(_(1h|24h|7d|30d|90d))?"
    r"|[a-z0-9_]+_(days|seconds))"
)
_CODE = re.compile(r"[A-Z]{3}-[0-9]{2}")
_WINDOWS = ("sign-up", "all", "1h", "24h", "7d", "30d", "90d")


class CatalogueError(ValueError):
    """The catalogue is incomplete or contradicts itself; says which feature and why."""


@dataclass(frozen=True, slots=True)
class Floor:
    """How much must be seen before a feature may be shown as a reason."""

    evidence: str  # the name of an Evidence
    least: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much was seen of an account: measured with the features, never a model input.

    Kept apart because volume alone says nothing about intent: honest production
    traffic is heavy.
    """

    name: str
    label: str
    group: str
    window: str
    source: Callable[..., Any]
    value: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Feature:
    """A number computed from facts at `as_of`, and its entry in the dictionary.

    `source` yields one row of exact sums for each account (None: EntryFacts) and
    `value` turns that into the number. `direction` is the monotone constraint, fixed
    in advance: +1 a higher value can only raise risk, -1 only lower it, 0 either.
    """

    name: str
    family: str
    code: str
    group: str
    unit: str
    window: str
    direction: int
    label: str
    analyst_text: str
    misleads: str
    missing: str
    value: Callable[..., Any]
    source: Callable[..., Any] | None = None
    floor: Floor | None = None
    customer_safe_key: str | None = None
    exempt: tuple[str, ...] = ()  # registered permits under which it is not counted

    @property
    def customer_text(self) -> str | None:
        """What the customer may read, or None when nothing may be said."""
        key = self.customer_safe_key
        return CUSTOMER_TEXTS[key] if key else None

    def tell(self, value: float) -> str:
        """Return the analyst's sentence about one value; of NaN, why it is missing."""
        if math.isnan(value):
            return f"{self.label}: {self.missing}"
        return self.analyst_text.format(value=shown(value, self.unit))


def shown(value: float, unit: str) -> str:
    """Write a value for people, without more digits than it deserves."""
    if unit == "flag":
        return "yes" if value else "no"
    if unit == "share":
        return f"{value:.0%}"
    if unit in {"count", "accounts"}:
        return f"{value:,.0f}"
    return f"{value:,.1f}"


def check(features: Sequence[Feature], evidence: Sequence[Evidence]) -> None:
    """Raise CatalogueError unless every feature is complete and every text its own."""
    for feature in features:
        for problem in _problems(feature, {item.name for item in evidence}):
            raise CatalogueError(f"{feature.name}: {problem}")
    both: list[Feature | Evidence] = [*features, *evidence]
    names = [item.name for item in both]
    for what, values in {
        "name": names,
        "code": [feature.code for feature in features],
        "label": [feature.label for feature in features],
        "analyst_text": [feature.analyst_text for feature in features],
        "misleads": [feature.misleads for feature in features],
    }.items():
        if repeated := {value for value in values if values.count(value) > 1}:
            raise CatalogueError(f"{what} is used twice: {min(repeated)}")


def _problems(feature: Feature, evidence: set[str]) -> list[str]:
    """Name what is missing or wrong in one feature."""
    optional = {"source", "floor", "customer_safe_key", "direction", "exempt"}
    problems = [
        f"{part.name} is missing"
        for part in fields(feature)
        if part.name not in optional and not getattr(feature, part.name)
    ]
    key = feature.customer_safe_key
    rules = {
        "the name breaks the grammar": _NAME.fullmatch(feature.name),
        "the code breaks the form FAM-NN": _CODE.fullmatch(feature.code),
        "the code is of another family": feature.code[:3] == feature.family,
        "unknown family": feature.family in FAMILIES,
        "unknown group": feature.group in GROUPS,
        "unknown unit": feature.unit in UNITS,
        "unknown window": feature.window in _WINDOWS,
        "direction is not -1, 0 or 1": feature.direction in {-1, 0, 1},
        "the analyst text lacks {value}": "{value}" in feature.analyst_text,
        "unknown customer text": key is None or key in CUSTOMER_TEXTS,
        "entry features have no source": (feature.source is None)
        == (feature.group == "entry"),
        "unknown evidence": feature.floor is None or feature.floor.evidence in evidence,
    }
    return problems + [problem for problem, holds in rules.items() if not holds]
