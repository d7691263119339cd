"""Activity features: what they see, and what must not move them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ml.features import FEATURES, NAMES, compute, may_show
from ml.frames import FeatureFrame
from tests.canonical import backend

T = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def exchange(account: str, number: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "account_id": account,
        "event_id": f"{account}-{number}",
        "occurred_at": at,
        "key_id": f"key-{account}",
        "model": "m-1",
        "input_tokens": 100,
        "output_tokens": 50,
        **more,
    }


def window(account: str, start: datetime, requests: int, **more: Any) -> dict[str, Any]:
    return {
        "account_id": account,
        "event_id": f"{account}-{start.isoformat()}",
        "window_start": start,
        "window_s": 3600,
        "requests": requests,
        "input_tokens": requests * 100,
        "output_tokens": requests * 50,
        **more,
    }


def steady() -> Iterator[dict[str, Any]]:
    """Five requests an hour for a week, at home, one dataset in one scaffold."""
    for hour in range(168):
        for number in range(5):
            yield exchange(
                "steady",
                hour * 5 + number,
                T - hour * HOUR - timedelta(minutes=2 * number + 1),
                ip_class="residential",
                asn=100 + number,
                scaffold="a" * 16,
                filler=[hour * 5 + number] * 16,
                params="b" * 16,
                elicits="reasoning",
                signature_seen="made-for-human" if hour == 0 else None,
                status=429 if number == 0 else 200,
            )


def human() -> Iterator[dict[str, Any]]:
    """Two working hours a day, one network, the same questions again and again."""
    for day in range(7):
        for number in range(60):
            yield exchange(
                "human",
                day * 60 + number,
                T - timedelta(days=day, hours=9, minutes=2 * number),
                ip_class="residential",
                asn=7,
                conversation_id=f"talk-{day}",
                scaffold="c" * 16,
                filler=[number % 3] * 16,
                params=f"{number % 5:016}",
                elicits="none",
                signature_made="made-for-human" if number == 0 else None,
            )


def server() -> Iterator[dict[str, Any]]:
    """Hourly windows of a production system in a data center."""
    for hour in range(1, 169):
        yield window(
            "server", T - hour * HOUR, 5000, top_ip_class="hosting", top_asn=16509
        )


@pytest.fixture(scope="module")
def frame() -> FeatureFrame:
    names = ("steady", "human", "server", "silent")
    sample = [
        exchange("server", n, T - 5 * HOUR + timedelta(seconds=n), ip_class="hosting")
        for n in range(100)
    ]
    tables = backend(
        accounts=[
            {"account_id": name, "created_at": T - timedelta(days=40)} for name in names
        ],
        usage=[*steady(), *human(), *sample],
        usage_window=list(server()),
        events=[
            {
                "account_id": account,
                "event_id": f"e-{account}-{number}",
                "type": kind,
                "occurred_at": T - timedelta(days=number),
                "result": "passed" if kind.startswith("verification") else None,
                "fingerprint": f"card-{number}",
            }
            for account, kinds in {
                "steady": ["payment.failed"] * 9 + ["payment_method.added"] * 3,
                "human": ["payment.succeeded"] * 9 + ["verification.completed"],
            }.items()
            for number, kind in enumerate(kinds, 1)
        ],
        api_keys=[
            {"account_id": "human", "key_id": "k", "created_at": T - timedelta(days=9)}
        ],
        payment_methods=[
            {
                "account_id": "steady",
                "fingerprint": f,
                "added_at": T - timedelta(days=1),
            }
            for f in ("card-10", "card-77")
        ],
    )
    return compute(tables, T)


def of(frame: FeatureFrame, name: str) -> dict[str, float]:
    return dict(zip(frame.account_ids, frame.column(name), strict=True))


def test_volume_is_not_counted_twice_where_windows_were_sampled(
    frame: FeatureFrame,
) -> None:
    assert of(frame, "request_count_7d") == pytest.approx(
        {"human": 420, "server": 840_000, "silent": np.nan, "steady": 840}, nan_ok=True
    )
    assert of(frame, "exchange_count_7d")["server"] == 100


def test_usage_is_noticed_in_windows_and_exchanges(frame: FeatureFrame) -> None:
    used = dict(zip(frame.account_ids, frame.has_usage, strict=True))
    assert used == {"human": True, "server": True, "silent": False, "steady": True}


@pytest.mark.parametrize(
    "name",
    [
        "server_from_home_ratio_7d",
        "asn_change_ratio_7d",
        "concurrent_asn_count_7d",
        "clock_flatness_ratio_7d",
        "limit_rejection_ratio_7d",
        "elicited_reasoning_ratio_30d",
        "filler_novelty_ratio_30d",
        "pinned_parameter_ratio_30d",
        "failed_payment_ratio_30d",
    ],
)
def test_the_pipeline_stands_out_from_the_person(
    frame: FeatureFrame, name: str
) -> None:
    values = of(frame, name)
    assert values["steady"] > values["human"]


def test_the_production_server_is_not_taken_for_a_home_pipeline(
    frame: FeatureFrame,
) -> None:
    assert of(frame, "server_from_home_ratio_7d")["server"] == 0
    assert of(frame, "asn_change_ratio_7d")["server"] == 0
    assert of(frame, "limit_rejection_ratio_7d")["server"] == 0
    assert of(frame, "growth_times_24h")["server"] == pytest.approx(1.0, abs=0.02)


def test_spread_is_zero_by_chance_and_large_for_people(frame: FeatureFrame) -> None:
    spread = of(frame, "hourly_spread_times_7d")
    assert spread["human"] > 5
    assert abs(spread["server"]) < 0.01
    assert abs(spread["steady"]) < 0.3


def test_cards_are_counted_once_from_both_sources(frame: FeatureFrame) -> None:
    added = of(frame, "added_card_count_30d")  # card-10..12 by event, 10 and 77 by row
    assert added["steady"] == 4
    assert np.isnan(added["human"])


def test_a_signature_made_for_another_account_is_foreign(frame: FeatureFrame) -> None:
    foreign = of(frame, "foreign_signature_count_30d")
    assert foreign["steady"] == 1
    assert np.isnan(foreign["human"])


def test_keys_and_checks_are_counted(frame: FeatureFrame) -> None:
    assert of(frame, "created_key_count_7d")["human"] == 0
    assert of(frame, "oldest_key_age_days")["human"] == 9
    assert of(frame, "passed_verification_count")["human"] == 1


def test_inside_one_conversation_nobody_moved(frame: FeatureFrame) -> None:
    hops = of(frame, "conversation_hop_ratio_7d")
    assert hops["human"] == 0
    assert np.isnan(hops["steady"])


def test_without_facts_every_number_is_missing(frame: FeatureFrame) -> None:
    row = frame.values[frame.account_ids.index("silent")]
    known = {NAMES[at] for at in np.flatnonzero(~np.isnan(row))}
    assert known == {"account_age_days", "is_permitted_use"}


def test_little_evidence_is_scored_but_not_shown(frame: FeatureFrame) -> None:
    shown = may_show(frame)
    floors = [at for at, feature in enumerate(FEATURES) if feature.floor]
    assert not shown[frame.account_ids.index("silent")][floors].any()
    assert shown[frame.account_ids.index("human")][floors].all()


def test_a_release_is_followed_within_its_first_day() -> None:
    release = T - timedelta(days=5)
    usage = [
        exchange(account, n, release + n * HOUR / 2, model=model)
        for account, model in (("chaser", "m-2"), ("calm", "m-1"))
        for n in range(40)
    ]
    tables = backend(
        accounts=[
            {"account_id": name, "created_at": T - timedelta(days=9)}
            for name in ("chaser", "calm")
        ],
        usage=usage,
        provider=[{"kind": "model_release", "name": "m-2", "at": release}],
    )
    values = of(compute(tables, T), "release_pivot_ratio_30d")
    assert values == {"calm": 0.0, "chaser": 0.8}


def test_links_count_other_accounts_once_and_in_their_window() -> None:
    def value(account: str, kind: str, text: str, days: float) -> dict[str, Any]:
        seen = T - timedelta(days=days)
        return {"account_id": account, "kind": kind, "value": text, "seen_at": seen}

    tables = backend(
        accounts=[
            {"account_id": name, "created_at": T - timedelta(days=100)}
            for name in ("a", "b", "c", "d")
        ],
        account_values=[
            value("a", "card", "x", 95),
            value("b", "card", "x", 1),
            value("b", "card", "x", 2),
            value("c", "card", "x", 89),
            value("a", "card", "y", 1),
            value("d", "device", "x", 1),
            # each signed up in a network of its own
            *(value(name, "net", f"net-{name}", 100) for name in ("a", "b", "c", "d")),
        ],
    )
    counts = of(compute(tables, T), "shared_card_count_90d")
    assert counts == pytest.approx({"a": 2, "b": 1, "c": 1, "d": np.nan}, nan_ok=True)
    some = compute(tables, T, account_ids=["b"])
    assert some.account_ids == ("b",)
    assert some.column("shared_card_count_90d")[0] == 1
