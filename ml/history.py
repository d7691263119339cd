"""Which features read columns that can change after sign-up.

A bundle without versions holds only the last value of such a column, and that value
may be a consequence of the outcome: an account moved to a "closed" plan after its
ban. Nothing is declared by hand: each entry feature is run once on facts that note
which columns it touches, so a new feature cannot be forgotten.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.features.compute import missing_shared
from ml.features.entry import ENTRY_COLUMNS, EntryFacts
from ml.features.feature import Feature

# plan, *_verified, contract, payment_*, permitted_scope and declared_* (contract 2);
# the payer's name and the values shared through a card come with the payment.
MUTABLE_COLUMNS: Final = frozenset(
    {
        "plan",
        "email_verified",
        "phone_verified",
        "contract",
        "declared_country",
        "declared_use_case",
        "payment_type",
        "payment_funding",
        "payment_country",
        "payment_bin",
        "payer_matches",
        "permitted_scope",
    }
)
MUTABLE_KINDS: Final = frozenset({"card", "bin_day", "payer"})


class _Noted(Mapping[str, Any]):
    """A mapping that remembers what was asked of it."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return self.content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)


def mutable_features(features: tuple[Feature, ...]) -> frozenset[str]:
    """Name the entry features that read a column or shared value that can change.

    Other features are sums over events and usage, which carry their own time.
    """
    entry = [feature for feature in features if feature.source is None]
    return frozenset(feature.name for feature in entry if _reads_mutable(feature))


def _reads_mutable(feature: Feature) -> bool:
    columns = _Noted({name: _unknown(name) for name in ENTRY_COLUMNS})
    shared = _Noted(missing_shared(1))
    feature.value(EntryFacts(datetime(2020, 1, 1, tzinfo=UTC), columns, shared))
    return bool(columns.asked & MUTABLE_COLUMNS or shared.asked & MUTABLE_KINDS)


def _unknown(name: str) -> NDArray[Any]:
    """Return one account's value of a column that is not known."""
    if name == "created_at":
        return np.array(["2020-01-01"], dtype="datetime64[us]")
    return np.array([None], dtype=object)
