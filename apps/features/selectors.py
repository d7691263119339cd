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
from ml.features.links import AWAY_CLASSES, HOME_KINDS, HOME_MOST, KINDS, WINDOWS

_VERSIONED: Final = tuple(name for name in ENTRY_COLUMNS if name != "created_at")
_KINDS: Final = list(KINDS)
_DAYS: Final = tuple(WINDOWS.values())
_COUNTED: Final = ", ".join(
    "count(DISTINCT other.account_id)"
    f" FILTER (WHERE other.seen_at > at - interval '{days} days') AS n{days}"
    for days in _DAYS
)
_MOST: Final = ", ".join(f"max(n{days}) AS n{days}" for days in _DAYS)
# ml.features.links: some of those at home, or of all where no place is known.
_ELSEWHERE: Final = ", ".join(
    f"""max(others.n{days} - CASE WHEN own.kind <> ALL($6::text[]) THEN 0
        ELSE least({HOME_MOST}, CASE WHEN EXISTS (SELECT FROM place)
            THEN coalesce(near.n{days}, 0) ELSE others.n{days} END) END) AS n{days}"""
    for days in _DAYS
)
_COUNTS: Final = ", ".join(f"n{days}" for days in _DAYS)
_COLUMNS: Final = ", ".join(f"version.{name}" for name in _VERSIONED)
# Another account may have several rows of one value (a late fact of an earlier sight).
_OTHERS: Final = f"""
other.kind = own.kind AND other.value = own.value
    AND other.seen_at <= at AND other.recorded_at <= at
    AND other.seen_at > at - interval '{max(_DAYS)} days'
    AND other.account_id <> own.account_id
"""
# One row where an organization has more accounts than are left out.
_COLLEAGUES: Final = f"""
SELECT FROM (
    SELECT DISTINCT ON (there.account_id) there.account_id
    FROM customers_accountvalue there
    WHERE there.kind = 'organization' AND there.value = own.value
        AND there.seen_at <= at AND there.recorded_at <= at
    ORDER BY there.account_id LIMIT {HOME_MOST + 2}
) colleagues OFFSET {HOME_MOST + 1}
"""
# The same question as ml.features.links.counts, asked about one account.
_CURRENT_SQL: Final = f"""
WITH asked AS (SELECT $1::timestamptz AS at),
chosen AS (
    SELECT id, created_at FROM customers_account, asked
    WHERE account_id = $2 AND created_at <= at AND recorded_at <= at
),
version AS (
    SELECT v.* FROM asked CROSS JOIN chosen JOIN customers_accountversion v
        ON v.account_id = chosen.id AND v.valid_from <= at AND v.recorded_at <= at
    ORDER BY v.valid_from DESC, v.recorded_at DESC, v.id DESC LIMIT 1
),
shown AS (
    SELECT DISTINCT own.account_id, own.kind, own.value
    FROM asked CROSS JOIN chosen
    JOIN customers_accountvalue own ON own.account_id = chosen.id
    WHERE own.kind = ANY($3::text[]) AND own.seen_at <= at AND own.recorded_at <= at
),
place AS (
    SELECT own.kind, own.value FROM asked CROSS JOIN chosen
    JOIN customers_accountvalue own ON own.account_id = chosen.id
        AND own.kind IN ('net', 'organization')
        AND own.seen_at <= at AND own.recorded_at <= at
        AND CASE own.kind WHEN 'net' THEN own.seen_at = chosen.created_at
            ELSE NOT EXISTS ({_COLLEAGUES}) END
),
home AS (
    SELECT place.kind, place.value FROM place CROSS JOIN version
    WHERE place.kind = 'organization'
        OR coalesce(version.signup_ip_class <> ALL($5::text[]), true)
),
links AS (
    SELECT own.kind, {_ELSEWHERE}
    FROM asked CROSS JOIN shown own
    CROSS JOIN LATERAL (
        SELECT {_COUNTED} FROM customers_accountvalue other WHERE {_OTHERS}
    ) others
    CROSS JOIN LATERAL (
        SELECT {_MOST} FROM (
            SELECT {_COUNTED} FROM customers_accountvalue other
            CROSS JOIN LATERAL (
                SELECT theirs.value FROM customers_account holder CROSS JOIN home
                JOIN customers_accountvalue theirs ON theirs.account_id = holder.id
                    AND theirs.kind = home.kind AND theirs.value = home.value
                    AND (home.kind = 'organization'
                        OR theirs.seen_at = holder.created_at)
                WHERE holder.id = other.account_id
                    AND theirs.seen_at <= at AND theirs.recorded_at <= at
                OFFSET 0 -- asked of each who has the value, and of nobody else
            ) here
            WHERE others.n{max(_DAYS)} > 0 AND own.kind = ANY($6::text[])
                AND EXISTS (SELECT FROM home) AND {_OTHERS}
            GROUP BY here.value
        ) homes
    ) near
    GROUP BY own.kind
)
SELECT chosen.created_at, {_COLUMNS},
    (SELECT json_object_agg(kind, json_build_array({_COUNTS})) FROM links),
    (SELECT json_agg(stored."values") FROM features_signalsnapshot stored
        WHERE stored.account_id = chosen.id AND stored.as_of <= asked.at
            AND stored.catalogue = $4)
FROM asked CROSS JOIN chosen JOIN version ON true
"""
_HOME: Final = (list(AWAY_CLASSES), list(HOME_KINDS))


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
    asked = ask(_CURRENT_SQL, as_of, account_id, _KINDS, catalogue_hash(), *_HOME)

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
