"""What is known when an account is opened: the input of every entry feature.

A struct of arrays: bulk runs pass columns of all accounts, the request path passes
arrays of length one. So a feature is defined once, as a pure function over arrays, is
fast in both, and cannot differ between training and serving.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.features.known import SHARED_CLASSES

Numbers = NDArray[np.float64]
Labels = NDArray[np.object_]

ENTRY_COLUMNS: Final = (
    "created_at",
    "email_class",
    "email_verified",
    "phone_verified",
    "phone_country",
    "declared_country",
    "org_domain_matches",
    "registration_given",
    "signup_ip_class",
    "signup_ip_country",
    "signup_form_ms",
    "payment_funding",
    "payment_country",
    "payer_matches",
    "contract",
    "permitted_scope",
)


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What is known of n accounts as of one moment; None and NaN are missing.

    `columns` holds the arrays [n] named in ENTRY_COLUMNS. `shared[kind][window]` counts
    the other accounts [n] that showed an equal value of that kind within the window
    before `as_of` (24h, 7d, 30d, 90d); NaN where the account has no such value.
    """

    as_of: datetime
    columns: Mapping[str, NDArray[Any]]
    shared: Mapping[str, Mapping[str, Numbers]]

    def __len__(self) -> int:
        return len(self.columns["created_at"])

    def labels(self, name: str) -> Labels:
        return self.columns[name]

    def flags(self, name: str) -> Numbers:
        """Return 1, 0 or NaN [n]."""
        return self.columns[name].astype(np.float64)

    def others(self, kind: str, window: str) -> Numbers:
        """Return how many other accounts share a value of `kind` [n]."""
        return self.shared[kind][window]


def is_shared_network(facts: EntryFacts) -> NDArray[np.bool_]:
    """Return whether the sign-up network serves many strangers [n]."""
    return np.isin(facts.labels("signup_ip_class"), SHARED_CLASSES)


def is_known(column: Labels) -> NDArray[np.bool_]:
    """Return where a label is not None [n]."""
    return column != None  # noqa: E711 - element-wise


def is_one_of(
    column: Labels, members: tuple[str, ...], missing: str | None = None
) -> Numbers:
    """Return 1, 0 or NaN [n]; `missing` is a label that means not known."""
    known = is_known(column) & (column != missing)
    return np.where(known, np.isin(column, members), np.nan).astype(np.float64)


def permits_in_force(scopes: Labels, as_of: datetime) -> list[str | None]:
    """Return the name of each registered permission that is in force, or None [n].

    A permission reads `name[:volume-per-month:expiry]`; an expiry is a date, inclusive.
    """
    today = as_of.date().isoformat()
    return [_in_force(scope, today) for scope in scopes]


def _in_force(scope: str | None, today: str) -> str | None:
    if not scope:
        return None
    name, *limits = scope.split(":", 2)
    ended = len(limits) > 1 and limits[1][:10] < today
    return None if ended else name
