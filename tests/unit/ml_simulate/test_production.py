"""Busy accounts ask as real production clients do, and free text has real lengths."""

import numpy as np
import pytest
from scipy.stats import ks_1samp

from ml.simulate.lengths import answered_by, entered_by
from ml.simulate.production import HOURS, draw_clients, hourly_means


@pytest.fixture(scope="module")
def clients():
    return draw_clients(np.random.default_rng(1), 2_000)


@pytest.fixture(scope="module")
def means(clients):
    rng = np.random.default_rng(2)
    n = len(clients["rate"])
    part = {
        "rate": clients["rate"],
        "client_awake": clients["awake"],
        "client_uneven": clients["uneven"],
        "peak": rng.uniform(0, 24, n),
        "width": rng.uniform(2, 6, n),
        "weekend": np.ones(n),
    }
    return hourly_means(part, rng)


def test_rates_spread_over_four_powers_of_ten(clients):
    low, middle, high = np.quantile(clients["rate"], [0.05, 0.5, 0.95])

    assert low < 1_000
    assert 15_000 < middle < 35_000
    assert high > 1_000_000


def test_busier_clients_are_awake_longer(clients):
    ranks = np.argsort(np.argsort([clients["rate"], clients["awake"]], axis=1), axis=1)

    assert np.corrcoef(ranks)[0, 1] == pytest.approx(0.7, abs=0.06)


def test_hours_hold_what_the_client_asks(clients, means):
    """Over many clients the hours add up, and each is awake as much as it should."""
    awake = (means > 0).mean(1)
    often = clients["awake"] > 0.1

    assert means.shape == (2_000, HOURS)
    assert np.abs(awake - clients["awake"])[often].mean() < 0.06
    even = often & (clients["uneven"] < 1)
    ratio = means[even].sum(1) / HOURS * 24 / clients["rate"][even]
    assert np.median(ratio) == pytest.approx(1, abs=0.1)


def test_a_client_that_is_always_awake_can_be_even(means, clients):
    steady = (clients["awake"] > 0.9) & (clients["uneven"] < 0.3)
    spread = means[steady].std(1) / means[steady].mean(1)

    assert 0 < np.median(spread) < 0.4


def test_conversations_and_code_have_lengths_of_their_own():
    logs = np.random.default_rng(3).normal(5.0, 0.99, 20_000)
    talk = answered_by(logs, np.zeros(len(logs), int))
    code = answered_by(logs, np.ones(len(logs), int))

    assert np.median(talk) == pytest.approx(129, rel=0.05)
    assert np.median(code) == pytest.approx(13, rel=0.1)


def test_real_conversations_are_met(shared_data):
    """The table of lengths is as near to the trace as its thirty-three points allow."""
    rows = np.genfromtxt(
        shared_data / "llm_traces/AzureLLMInferenceTrace_conv.csv",
        delimiter=",", skip_header=1, usecols=(1, 2),
    )  # fmt: skip
    logs = np.random.default_rng(4).normal(6.45, 1.08, 50_000)
    drawn = np.sort(entered_by(logs, np.zeros(len(logs), int)))

    def share_below(values):
        return np.searchsorted(drawn, values, side="right") / len(drawn)

    assert ks_1samp(rows[:, 0], share_below).statistic < 0.05
