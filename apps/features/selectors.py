"""Reads of one account: the request path has milliseconds, not seconds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from apps.core.errors import NotFoundError
from apps.core.sql import ask
from ml.features import FEATURES, NAMES, EntryFacts, catalogue_hash, missing_shared
from ml.features.entry import ENTRY_COLUMNS
from ml.features.links import KINDS, WINDOWS

_VERSIONED: Final = tuple(name for name in ENTRY_COLUMNS if name != "created_at")
_KINDS: Final = list(KINDS)
_DAYS: Final = tuple(WINDOWS.values())
_COUNTED: Final = ", ".join(
    "count(DISTINCT other.account_id)"
    f" FILTER (WHERE seen_at > at - interval '{days} days') AS n{days}"
    for days in _DAYS
)
_MOST: Final = ", ".join(f"max(others.n{days}) AS n{days}" for days in _DAYS)
_COUNTS: Final = ", ".join(f"n{days}" for days in _DAYS)
_COLUMNS: Final = ", ".join(f"version.{name}" for name in _VERSIONED)
# The same question as ml.features.links.counts, asked about one account. Another
# account may have several rows of one value (a late fact of an earlier sight).
_CURRENT_SQL: Final = f"""
WITH asked AS (SELECT $1::timestamptz AS at),
chosen AS (
    SELECT id, created_at FROM customers_account, asked
    WHERE account_id = $2 AND created_at <= at AND recorded_at <= at
),
links AS (
    SELECT own.kind, {_MOST}
    FROM asked CROSS JOIN chosen
    JOIN customers_accountvalue own ON own.account_id = chosen.id
    CROSS JOIN LATERAL (
        SELECT {_COUNTED} FROM customers_accountvalue other
        WHERE other.kind = own.kind AND other.value = own.value
            AND other.seen_at <= at AND other.recorded_at <= at
            AND other.seen_at > at - interval '{max(_DAYS)} days'
            AND other.account_id <> own.account_id
    ) others
    WHERE own.kind = ANY($3::text[]) AND own.seen_at <= at AND own.recorded_at <= at
    GROUP BY own.kind
)
SELECT chosen.created_at, {_COLUMNS},
    (SELECT json_object_agg(kind, json_build_array({_COUNTS})) FROM links),
    (SELECT json_agg(stored."values") FROM features_signalsnapshot stored
        WHERE stored.account_id = chosen.id AND stored.as_of <= at
            AND stored.catalogue = $4)
FROM asked CROSS JOIN chosen
JOIN LATERAL (
    SELECT * FROM customers_accountversion v
    WHERE v.account_id = chosen.id AND v.valid_from <= at AND v.recorded_at <= at
    ORDER BY v.valid_from DESC, v.recorded_at DESC, v.id DESC LIMIT 1
) version ON true
"""


def feature_names() -> tuple[str, ...]:
    """Return the names that a policy may read, in the catalogue's order."""
    return NAMES


@dataclass(frozen=True, slots=True)
class Current:
    """What the request path knows of one account."""

    facts: EntryFacts
    signals: list[Mapping[str, float]]  # of each group, from its last run


def feature_labels() -> dict[str, str]:
    """Return what people call each feature, by name."""
    return {feature.name: feature.label for feature in FEATURES}


def ask_current(*, account_id: str, as_of: datetime) -> Callable[[], Current]:
    """Ask for entry facts and stored signals of one account as of T, in one query.

    Signals of a later run or of another catalogue are left out. The answer raises
    NotFoundError when the account was not known by then.
    """
    asked = ask(_CURRENT_SQL, as_of, account_id, _KINDS, catalogue_hash())

    def answer() -> Current:
        found = asked()
        if not found:
            raise NotFoundError("This account is not known at that moment.")
        return _current(found[0], as_of)

    return answer


def _current(row: tuple[Any, ...], as_of: datetime) -> Current:
    created, *columns, links, signals = row
    arrays = {
        name: np.array([value], dtype=object)
        for name, value in zip(_VERSIONED, columns, strict=True)
    }
    arrays["created_at"] = np.array(
        [created.astimezone(UTC).replace(tzinfo=None)], dtype="datetime64[us]"
    )
    facts = EntryFacts(as_of, arrays, _shared(links or {}))
    return Current(facts, signals or [])


def _shared(links: Mapping[str, Sequence[int]]) -> dict[str, dict[str, Any]]:
    shared = missing_shared(1)
    for kind, counts in links.items():
        for window, count in zip(WINDOWS, counts, strict=True):
            shared[kind][window][0] = count
    return shared
