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
HALF = 0.5
TEXTS = (
    *("client", "category", "language_bucket", "sketch", "schema"),
    *("scaffold", "params", "signature_seen", "signature_made"),
)
Tables = dict[str, list[dict[str, Any]]]

accounts = st.sampled_from(ACCOUNTS)
few = st.integers(0, 3)
DAY = 86_400_000_000  # microseconds: real moments are no whole seconds
before = st.integers(0, 40 * DAY).map(lambda us: T - timedelta(microseconds=us))
after = st.integers(1, 40 * DAY).map(lambda us: T + timedelta(microseconds=us))


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
            "net": text("net"),
            "client": text("client"),
            "category": st.sampled_from(["code", "chat", None]),
            "language_bucket": text("language"),
            "sketch": text("sketch"),
            "minhash": st.none() | few.map(lambda number: [number] * 16),
            "schema": text("schema"),
            "tools_hash": text("tools"),
            "safety": st.sampled_from(["none", "refusal", "blocked", None]),
            "conversation_id": text("talk"),
            "scaffold": text("scaffold"),
            "filler": st.none() | few.map(lambda number: [number] * 16),
            "params": text("params"),
            "status": st.sampled_from([200, 429, None]),
            "elicits": st.sampled_from(["none", "reasoning", "probe", None]),
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
            "top_net": text("net"),
            "top_ip_class": st.sampled_from(["residential", "hosting", None]),
            "status_429": st.none() | few,
        }
    )


def events(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    kinds = ("payment.succeeded", "payment.failed", "payment.disputed")
    more = ("payment_method.added", "verification.completed", "action.taken")
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
            "kind": st.sampled_from(["card", "device", "net", "address", "payer"]),
            "value": few.map(str),
        }
    )


def keys(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"account_id": accounts, "created_at": at, "key_id": few.map(str)}
    )


def outcomes(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "account_id": accounts,
            "known_at": at,
            "observed_at": at,
            "outcome_id": st.uuids().map(str),
            "label": st.sampled_from(["confirmed_abuse", "confirmed_legitimate"]),
            "source": st.sampled_from(["investigation", "own_decision"]),
        }
    )


def methods(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "account_id": accounts,
            "added_at": at,
            "fingerprint": few.map(str),
            "funding": st.sampled_from(["prepaid", "debit", None]),
        }
    )


KINDS: dict[str, Callable[..., st.SearchStrategy[dict[str, Any]]]] = {
    "usage": usage,
    "usage_window": windows,
    "events": events,
    "account_values": values,
    "api_keys": keys,
    "payment_methods": methods,
    "outcomes": outcomes,
}
SIZES = {"usage": 30, "usage_window": 8}


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
    known = {"known_at": T + timedelta(seconds=1)}
    return {
        name: [row | (known if name == "outcomes" else recorded) for row in rows]
        for name, rows in tables.items()
    }


def world(tables: Tables) -> Any:
    """A backend of three accounts, one hardened and one released model."""
    created = [
        {"account_id": one, "created_at": T - timedelta(9 * at), "signup_asn": at % 2}
        for at, one in enumerate(ACCOUNTS, 1)
    ]
    calendar = [
        {"kind": kind, "name": "m-2", "at": T - timedelta(days=days)}
        for kind, days in (("model_release", 3), ("protection_change", 5))
    ]
    return backend(accounts=created, provider=calendar, **tables)


def many(rng: random.Random) -> Tables:
    """A few hundred rows of each kind, every field known."""

    def at() -> datetime:
        days = rng.choice([1, 30])  # many of the last day, so that they have a pace
        return T - timedelta(microseconds=rng.randrange(days * DAY))

    exchanges = [
        {
            "account_id": rng.choice(ACCOUNTS),
            "occurred_at": at(),
            "event_id": str(number),
            "key_id": f"key{rng.randrange(2)}",
            "model": rng.choice(["m-1", "m-2"]),
            "input_tokens": rng.randrange(5000),
            "output_tokens": rng.randrange(5000),
            "asn": rng.randrange(3),
            "net": f"net{rng.randrange(3)}",
            "ip_class": rng.choice(["residential", "hosting"]),
            "status": rng.choice([200, 429]),
            "conversation_id": f"talk{rng.randrange(9)}",
            "filler": [rng.randrange(4)] * 16,
            "minhash": [rng.randrange(2)] * 16,
            "safety": rng.choice(["none", "refusal"]),
            "elicits": rng.choice(["none", "reasoning", "rubric", "probe"]),
        }
        | {name: f"{name}{rng.randrange(3)}" for name in TEXTS}
        for number in range(400)
    ]
    shared = [
        {
            "account_id": name,
            "seen_at": T - timedelta(days=20),
            "kind": kind,
            "value": str(rng.randrange(2)),
        }
        for name in ACCOUNTS
        for kind in ("card", "device", "net", "email", "phone", "address", "payer")
    ]
    return {"usage": exchanges, "account_values": shared}


def computed(tables: Tables) -> FeatureFrame:
    return compute(world(tables), T)


def same_bits(one: FeatureFrame, other: FeatureFrame) -> bool:
    """Whether two frames hold the same numbers; a NaN equals a NaN."""
    known = ~np.isnan(one.values)
    return np.array_equal(known, ~np.isnan(other.values)) and np.array_equal(
        one.values.view(np.uint64)[known], other.values.view(np.uint64)[known]
    )


@settings(
    max_examples=6,
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
    assert same_bits(found, expected)
    assert np.array_equal(found.has_usage, expected.has_usage)


def test_compiled_once_or_for_some_accounts_alone_gives_the_same_bits() -> None:
    """All accounts go by kept questions, a list of them by questions of its own."""
    tables = world(many(random.Random(5)))
    for at in (T, T - timedelta(days=11, seconds=7)):
        everybody = compute(tables, at)
        assert same_bits(everybody, compute(tables, at, account_ids=ACCOUNTS))
    assert np.mean(~np.isnan(everybody.values)) > HALF


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
