"""What an account shares with the new, how it searches, and what permits exempt."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ml.features import FEATURES, compute
from ml.frames import FeatureFrame
from tests.canonical import backend

T = datetime(2026, 3, 1, tzinfo=UTC)
HARDENED = T - timedelta(days=6)
OLD = tuple(f"old{at:02}" for at in range(40))
CLASS = tuple(f"class{at}" for at in range(6))
RING = tuple(f"ring{at}" for at in range(6))


def exchange(account: str, number: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "account_id": account,
        "event_id": f"{account}-{number}-{at.isoformat()}",
        "occurred_at": at,
        "key_id": f"key-{account}",
        "model": "m-1",
        "input_tokens": 100,
        "output_tokens": 50,
        **more,
    }


def crowd() -> Iterator[dict[str, Any]]:
    """Forty old accounts and six students share a tutorial, six new ones a wrapper."""
    for name in (*OLD, *CLASS):
        for number in range(5):
            at = T - timedelta(days=1, hours=number)
            shared = {"scaffold": "t" * 16, "client": "sdk", "params": "d" * 16}
            yield exchange(name, number, at, filler=[number] * 16, **shared)
    for place, name in enumerate(RING):
        for number in range(5):
            at = T - timedelta(days=1, hours=number)
            shared = {"scaffold": "r" * 16, "client": "own", "params": "e" * 16}
            yield exchange(name, number, at, filler=[place * 9 + number] * 16, **shared)


def search(account: str, *, first: int = 20) -> Iterator[dict[str, Any]]:
    """Five ways of asking on the first day, one of them three hundred times after."""
    start = T - timedelta(days=first)
    for number in range(5):
        yield exchange(
            account,
            number,
            start + timedelta(minutes=number),
            elicits="reasoning",
            scaffold=f"{number:016}",
            safety="refusal",
            minhash=[7] * 16,
            sketch=f"{number:016}",
        )
    for number in range(300):
        yield exchange(
            account,
            10 + number,
            start + timedelta(days=1, minutes=number),
            elicits="reasoning",
            scaffold="f" * 16,
            safety="none",
            minhash=[8] * 16,
            sketch="f" * 16,
        )


def flight() -> Iterator[dict[str, Any]]:
    """One account leaves the model that was hardened, the other stays."""
    for number in range(-40, 40):
        at = HARDENED + timedelta(hours=number)
        model = "m-1" if number >= 0 else "m-2"
        yield exchange("fugitive", number, at, model=model)
        yield exchange("loyal", number, at, model="m-2")


def account(name: str, days: int, **more: Any) -> dict[str, Any]:
    return {"account_id": name, "created_at": T - timedelta(days=days), **more}


def value(account_id: str, kind: str, text: str) -> dict[str, Any]:
    seen = T - timedelta(days=9)
    return {"account_id": account_id, "kind": kind, "value": text, "seen_at": seen}


def found(account_id: str, days: int, label: str, source: str) -> dict[str, Any]:
    at = T - timedelta(days=days)
    return {
        "outcome_id": f"{account_id}-{days}",
        "account_id": account_id,
        "label": label,
        "source": source,
        "observed_at": at,
        "known_at": at,
    }


def people() -> list[dict[str, Any]]:
    """Old and new accounts, and two with a permit, one of them past its day."""
    people = [account(name, 200) for name in OLD]
    people += [account(name, 9) for name in (*CLASS, *RING)]
    people += [account(name, 30) for name in ("seeker", "fugitive", "loyal")]
    people.append(account("tester", 30, permitted_scope="red-team:100:2026-03-01"))
    people.append(account("lapsed", 30, permitted_scope="red-team:100:2026-02-28"))
    return people


def usage() -> list[dict[str, Any]]:
    """Everything that was asked, and four sightings in two small networks."""
    usage = [*crowd(), *search("seeker"), *search("tester"), *search("lapsed")]
    nets = {"ring0": "office", "ring1": "office", "ring2": "office", "loyal": "home"}
    for name, net in nets.items():
        at = T - timedelta(hours=1)
        usage.append(exchange(name, 99, at, net=net, ip_class="business", asn=5))
    return [*usage, *flight()]


@pytest.fixture(scope="module")
def frame() -> FeatureFrame:
    return compute(
        backend(
            accounts=people(),
            usage=usage(),
            provider=[{"kind": "protection_change", "name": "m-2", "at": HARDENED}],
            account_values=[
                *(value(name, "address", "street") for name in RING[:3]),
                *(value(name, "card", "c") for name in ("ring0", "ring1", "old00")),
                *(value(name, "phone", "p") for name in ("class0", "class1")),
            ],
            outcomes=[
                found("ring1", 8, "confirmed_abuse", "investigation"),
                found("old00", 9, "confirmed_abuse", "investigation"),
                found("old00", 2, "appeal_upheld", "investigation"),
                found("class1", 5, "confirmed_abuse", "own_decision"),
            ],
            events=[
                {
                    "account_id": "ring0",
                    "event_id": "acted",
                    "type": "action.taken",
                    "occurred_at": T - timedelta(days=5),
                }
            ],
            api_keys=[
                {"account_id": "ring0", "key_id": f"k{days}", "created_at": at}
                for days in (1, 3, 4, 7)
                for at in (T - timedelta(days=days),)
            ],
        ),
        T,
    )


def of(frame: FeatureFrame, name: str, account_id: str) -> float:
    return float(frame.column(name)[frame.account_ids.index(account_id)])


@pytest.mark.parametrize(
    "name",
    [
        "young_scaffold_times_30d",
        "young_parameter_times_30d",
        "young_client_times_30d",
    ],
)
def test_what_old_accounts_know_is_no_sign_of_one_source(
    frame: FeatureFrame, name: str
) -> None:
    assert of(frame, name, "ring0") > 2
    assert of(frame, name, "class0") < 1.2
    assert of(frame, name, "old01") < 1.2
    assert np.isnan(of(frame, name, "loyal"))


def test_a_data_set_dealt_out_has_no_repeats(frame: FeatureFrame) -> None:
    apart = "disjoint_filler_ratio_30d"
    assert of(frame, apart, "ring0") > 0.85
    assert of(frame, apart, "class0") < 0.83


def test_a_search_and_its_outcome_are_seen(frame: FeatureFrame) -> None:
    assert of(frame, "tried_technique_count_30d", "seeker") == 5
    assert of(frame, "scaled_technique_times_30d", "seeker") > 15
    # all five refusals came in one slot, each with four others of the same start
    assert of(frame, "rephrased_refusal_ratio_30d", "seeker") == pytest.approx(4 / 15)
    assert of(frame, "refused_ratio_30d", "seeker") == pytest.approx(5 / 355)


def test_a_permit_exempts_until_it_ends(frame: FeatureFrame) -> None:
    exempt = [one.name for one in FEATURES if "red-team" in one.exempt]
    assert len(exempt) >= 7
    for name in exempt:
        assert np.isnan(of(frame, name, "tester"))
        assert of(frame, name, "lapsed") == pytest.approx(
            of(frame, name, "seeker"), nan_ok=True
        )
    assert of(frame, "request_count_30d", "tester") == 305


def test_who_leaves_a_hardened_model_is_told_from_who_stays(
    frame: FeatureFrame,
) -> None:
    assert of(frame, "protection_flight_ratio_30d", "fugitive") == pytest.approx(0.8)
    assert of(frame, "protection_flight_ratio_30d", "loyal") == 0


def test_a_network_is_crowded_against_others_of_its_class(frame: FeatureFrame) -> None:
    # four sightings of business networks see (3 * 2 + 0) / 4 = 1.5 others on average
    assert of(frame, "crowded_net_times_7d", "ring0") == pytest.approx(5 / 4.5)
    assert of(frame, "crowded_net_times_7d", "loyal") == pytest.approx(3 / 4.5)


def test_links_count_only_who_was_found_abusive_by_others(frame: FeatureFrame) -> None:
    abusive = {
        name: of(frame, "abusive_link_count", name) for name in frame.account_ids
    }
    assert abusive["ring0"] == 1  # ring1; the appeal cleared old00
    assert abusive["ring1"] == 0
    assert abusive["class0"] == 0  # our own decision is no finding
    assert np.isnan(abusive["loyal"])
    assert of(frame, "shared_address_count_90d", "ring0") == 2


def test_what_is_new_soon_after_an_action_is_an_answer(frame: FeatureFrame) -> None:
    assert of(frame, "renewed_after_action_count_30d", "ring0") == 2
    assert np.isnan(of(frame, "renewed_after_action_count_30d", "ring1"))


def test_use_begins_when_it_begins(frame: FeatureFrame) -> None:
    assert of(frame, "first_use_delay_days", "seeker") == 10
    assert of(frame, "first_day_ratio_30d", "seeker") < 0.1
    assert of(frame, "longest_silence_days", "old01") == pytest.approx(23 / 24)
