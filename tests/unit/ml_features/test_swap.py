"""Where a person comes from is no feature: a consistent swap changes nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml.features import EntryFacts, compute, compute_entry, missing_shared
from ml.features.entry import ENTRY_COLUMNS
from tests.canonical import backend

T = datetime(2026, 3, 1, tzinfo=UTC)
COUNTRIES = ("AA", "BB", "CC", "DD")
COUNTRY_COLUMNS = (
    "declared_country",
    "phone_country",
    "payment_country",
    "signup_ip_country",
)
CLASSES = ("residential", "mobile", "vpn", "hosting", "unknown", None)
country = st.none() | st.sampled_from(COUNTRIES)
person = st.fixed_dictionaries(
    dict.fromkeys(COUNTRY_COLUMNS, country)
    | {"signup_ip_class": st.sampled_from(CLASSES)}
)


def computed(people: list[dict[str, Any]]) -> Any:
    columns = {
        name: np.array([one.get(name) for one in people], dtype=object)
        for name in ENTRY_COLUMNS
    }
    created = np.array([T.replace(tzinfo=None)] * len(people), dtype="datetime64[us]")
    columns["created_at"] = created
    return compute_entry(EntryFacts(T, columns, missing_shared(len(people))))


@given(
    people=st.lists(person, min_size=1, max_size=8),
    names=st.permutations(("PP", "QQ", "RR", "SS")),
)
def test_swapping_every_country_together_changes_no_entry_feature(
    people: list[dict[str, Any]], names: list[str]
) -> None:
    swap = dict(zip(COUNTRIES, names, strict=True)) | {None: None}
    swapped = [
        one | {column: swap[one[column]] for column in COUNTRY_COLUMNS}
        for one in people
    ]
    assert np.array_equal(computed(people), computed(swapped), equal_nan=True)


def test_swapping_country_zone_and_language_changes_no_feature_at_all() -> None:
    frames = []
    for place, zone, language in (("AA", "Etc/GMT-3", "l1"), ("BB", "Etc/UTC", "l2")):
        account = dict.fromkeys(COUNTRY_COLUMNS, place) | {
            "account_id": "a",
            "created_at": T - timedelta(days=9),
            "signup_timezone": zone,
        }
        usage = [
            {
                "account_id": "a",
                "event_id": str(number),
                "occurred_at": T - timedelta(hours=number),
                "model": "m",
                "language_bucket": language,
                "asn": 7,
                "input_tokens": 10,
                "output_tokens": 10,
            }
            for number in range(50)
        ]
        card = {"account_id": "a", "fingerprint": "f", "country": place, "added_at": T}
        event = {
            "account_id": "a",
            "event_id": "e",
            "type": "payment_method.added",
            "occurred_at": T,
            "country": place,
        }
        tables = backend(
            accounts=[account], usage=usage, payment_methods=[card], events=[event]
        )
        frames.append(compute(tables, T).values)
    assert np.array_equal(frames[0], frames[1], equal_nan=True)
