"""What happens or becomes known after T changes no bit of what is computed as of T."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.features import compute
from ml.frames import FeatureFrame
from tests.canonical import backend

T = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ACCOUNTS = ("a", "b", "c")
Tables = dict[str, list[dict[str, Any]]]

accounts = st.sampled_from(ACCOUNTS)
few = st.integers(0, 3)
before = st.integers(0, 40 * 86_400).map(lambda s: T - timedelta(seconds=s))
after = st.integers(1, 40 * 86_400).map(lambda s: T + timedelta(seconds=s))


def text(prefix: str) -> st.SearchStrategy[str | None]:
    return st.none() | few.map(lambda number: f"{prefix}{number}")


def usage(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "account_id": accounts,
            "occurred_at": at,
            "event_id": st.uuids().map(str),
            "key_id": text("key").map(str),
            "model": st.sampled_from(["m-1", "m-2"]),
            "input_tokens": st.integers(0, 5000),
            "output_tokens": st.integers(0, 5000),
            "asn": st.none() | few,
            "ip_class": st.sampled_from(["residential", "hosting", "mobile", None]),
            "client": text("client"),
            "conversation_id": text("talk"),
            "scaffold": text("scaffold"),
            "filler": st.none() | few.map(lambda number: [number] * 16),
            "params": text("params"),
            "status": st.sampled_from([200, 429, None]),
            "elicits": st.sampled_from(["none", "reasoning", "rubric", None]),
            "signature_seen": text("signature"),
            "signature_made": text("signature"),
            "end_user": text("user"),
        }
    )


def windows(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "account_id": accounts,
            "window_start": at.map(lambda moment: moment - timedelta(hours=1)),
            "event_id": st.uuids().map(str),
            "window_s": st.just(3600),
            "requests": st.integers(1, 500),
            "input_tokens": st.integers(0, 10**6),
            "output_tokens": st.integers(0, 10**6),
            "top_asn": st.none() | few,
            "top_ip_class": st.sampled_from(["residential", "hosting", None]),
            "status_429": st.none() | few,
        }
    )


def events(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    kinds = ("payment.succeeded", "payment.failed", "payment.disputed")
    more = ("payment_method.added", "verification.completed")
    return st.fixed_dictionaries(
        {
            "account_id": accounts,
            "occurred_at": at,
            "event_id": st.uuids().map(str),
            "type": st.sampled_from(kinds + more),
            "fingerprint": text("card"),
            "result": st.sampled_from(["passed", "failed", None]),
        }
    )


def values(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "account_id": accounts,
            "seen_at": at,
            "kind": st.sampled_from(["card", "device", "net", "email_pattern"]),
            "value": few.map(str),
        }
    )


def keys(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"account_id": accounts, "created_at": at, "key_id": few.map(str)}
    )


def methods(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"account_id": accounts, "added_at": at, "fingerprint": few.map(str)}
    )


KINDS: dict[str, Callable[..., st.SearchStrategy[dict[str, Any]]]] = {
    "usage": usage,
    "usage_window": windows,
    "events": events,
    "account_values": values,
    "api_keys": keys,
    "payment_methods": methods,
}
SIZES = {"usage": 60, "usage_window": 10}


def drawn(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[Tables]:
    return st.fixed_dictionaries(
        {
            name: st.lists(rows(at), max_size=SIZES.get(name, 12))
            for name, rows in KINDS.items()
        }
    )


def late(tables: Tables) -> Tables:
    """The same facts again, of the past but recorded only after T."""
    recorded = {"recorded_at": T + timedelta(seconds=1)}
    return {name: [row | recorded for row in rows] for name, rows in tables.items()}


def computed(tables: Tables) -> FeatureFrame:
    created = [{"account_id": one, "created_at": T - timedelta(9)} for one in ACCOUNTS]
    release = [{"kind": "model_release", "name": "m-2", "at": T - timedelta(days=3)}]
    return compute(backend(accounts=created, provider=release, **tables), T)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    past=drawn(before),
    future=drawn(after),
    unrecorded=drawn(before),
    seed=st.integers(),
)
def test_the_future_and_the_order_of_rows_change_no_bit(
    past: Tables, future: Tables, unrecorded: Tables, seed: int
) -> None:
    more: Tables = {}
    for name, rows in past.items():
        more[name] = [*rows, *future[name], *late(unrecorded)[name]]
        random.Random(seed).shuffle(more[name])
    expected, found = computed(past), computed(more)
    assert found.account_ids == expected.account_ids
    assert np.array_equal(
        found.values.view(np.uint64)[~np.isnan(found.values)],
        expected.values.view(np.uint64)[~np.isnan(expected.values)],
    )
    assert np.array_equal(np.isnan(found.values), np.isnan(expected.values))
    assert np.array_equal(found.has_usage, expected.has_usage)


def test_a_window_that_is_not_over_is_not_known() -> None:
    start = T - timedelta(minutes=30)
    row = {
        "account_id": "a",
        "event_id": "w",
        "window_start": start,
        "window_s": 3600,
        "requests": 9,
    }
    assert not computed({"usage_window": [row]}).has_usage.any()
    assert computed({"usage_window": [row | {"window_s": 1800}]}).has_usage.any()
