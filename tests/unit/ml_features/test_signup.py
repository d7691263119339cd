"""Entry features: small pure functions over arrays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ml.features import FEATURES, NAMES, EntryFacts, compute_entry, missing_shared
from ml.features.entry import ENTRY_COLUMNS

T = datetime(2026, 3, 1, 12, tzinfo=UTC)


def facts(shared: dict[str, Any] | None = None, **columns: Any) -> EntryFacts:
    """One account with the given columns; everything else is missing."""
    given: dict[str, Any] = {"created_at": T - timedelta(days=2), **columns}
    arrays = {name: np.array([given.get(name)], dtype=object) for name in ENTRY_COLUMNS}
    created = given["created_at"].replace(tzinfo=None)
    arrays["created_at"] = np.array([created], dtype="datetime64[us]")
    counts = missing_shared(1)
    for kind, windows in (shared or {}).items():
        for window, count in windows.items():
            counts[kind][window][:] = count
    return EntryFacts(T, arrays, counts)


def value(name: str, **columns: Any) -> float:
    return float(compute_entry(facts(**columns))[0, NAMES.index(name)])


def test_age_is_counted_to_the_moment_asked_about() -> None:
    assert value("account_age_days") == 2.0


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, np.nan),
        ({"declared_country": "FR"}, np.nan),
        ({"declared_country": "FR", "payment_country": "FR"}, 0),
        ({"declared_country": "FR", "payment_country": "DE"}, 1),
        ({"declared_country": "FR", "payment_country": "DE", "phone_country": "FR"}, 1),
        ({"declared_country": "FR", "payment_country": "DE", "phone_country": "IT"}, 2),
        (
            {
                "declared_country": "FR",
                "payment_country": "DE",
                "phone_country": "IT",
                "signup_ip_country": "ES",
            },
            2,
        ),
        (
            {
                "declared_country": "FR",
                "phone_country": "FR",
                "signup_ip_country": "DE",
                "signup_ip_class": "vpn",
            },
            0,
        ),
    ],
)
def test_countries_disagree_only_with_each_other(
    columns: dict[str, Any], expected: float
) -> None:
    assert value("country_disagreement_count", **columns) == pytest.approx(
        expected, nan_ok=True
    )


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (None, 0),
        ("synthetic-data", 1),
        ("synthetic-data:1000000:2026-03-01", 1),
        ("synthetic-data:1000000:2026-02-28", 0),
        ("gateway:1000000", 1),
    ],
)
def test_a_permission_counts_until_it_expires(
    scope: str | None, expected: float
) -> None:
    assert value("is_permitted_use", permitted_scope=scope) == expected


def test_confirmed_steps_count_only_what_was_confirmed() -> None:
    assert np.isnan(value("verified_step_count"))
    assert value("verified_step_count", email_verified=False) == 0
    confirmed = {"email_verified": True, "phone_verified": True}
    assert value("verified_step_count", **confirmed) == 2


@pytest.mark.parametrize(
    ("funding", "expected"),
    [("prepaid", 1), ("virtual", 1), ("debit", 0), ("unknown", np.nan), (None, np.nan)],
)
def test_unknown_funding_is_neither_good_nor_bad(funding: Any, expected: float) -> None:
    result = value("is_prepaid_payment", payment_funding=funding)
    assert result == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("ip_class", ["education", "mobile", "vpn", "tor", "relay"])
def test_a_network_of_strangers_is_no_link(ip_class: str) -> None:
    shared = {"net": {"7d": 300}}
    kept = value("shared_net_count_7d", shared=shared, signup_ip_class="business")
    assert kept == 300
    assert np.isnan(
        value("shared_net_count_7d", shared=shared, signup_ip_class=ip_class)
    )


def test_a_surge_is_measured_against_the_usual_rate() -> None:
    steady = {"email_pattern": {"7d": 7, "90d": 90}}
    sudden = {"email_pattern": {"7d": 89, "90d": 89}}
    name = "email_pattern_surge_times_7d"
    assert value(name, shared=steady) == pytest.approx(1.0)
    assert value(name, shared=sudden) > 10


def test_one_row_equals_the_same_row_among_many() -> None:
    rows: list[dict[str, Any]] = [
        {"declared_country": "FR", "phone_country": "DE", "email_verified": True},
        {"payment_funding": "prepaid", "contract": False, "signup_form_ms": 900},
        {"email_class": "disposable", "payer_matches": False, "contract": True},
    ]
    single = [facts(**row) for row in rows]
    many = EntryFacts(
        T,
        {
            name: np.concatenate([one.columns[name] for one in single])
            for name in ENTRY_COLUMNS
        },
        missing_shared(3),
    )
    apart = np.concatenate([compute_entry(one) for one in single])
    assert np.array_equal(compute_entry(many), apart, equal_nan=True)


def test_nothing_known_means_nothing_said() -> None:
    row = compute_entry(facts())[0]
    known = {
        feature.name
        for feature in FEATURES
        if feature.group == "entry" and not np.isnan(row[NAMES.index(feature.name)])
    }
    assert known == {"account_age_days", "is_permitted_use"}
