"""What conduct says of an account leaves out what the account shares."""

import numpy as np
import pytest

from ml.features import FEATURES, NAMES, catalogue_hash
from ml.frames import FeatureFrame
from ml.starter.own import SHARED, own_evidence

LINKED = [NAMES.index(one.name) for one in FEATURES if one.family == SHARED]


def frame(values: np.ndarray, used: bool) -> FeatureFrame:
    ids = tuple(f"acc-{at:03}" for at in range(len(values)))
    flags = np.full(len(values), used)
    return FeatureFrame(ids, NAMES, values, flags, catalogue_hash())


@pytest.mark.parametrize("used", [True, False], ids=["in use", "new"])
def test_what_is_shared_changes_nothing(used):
    random = np.random.default_rng(4)
    values = random.uniform(0, 1, (40, len(NAMES)))
    plain = own_evidence(frame(values, used))
    values[:, LINKED] = 50.0
    assert np.array_equal(own_evidence(frame(values, used)), plain)
    assert len(LINKED) > 10


def test_thrown_away_mail_on_a_rented_server_speaks_against_an_account():
    values = np.full((2, len(NAMES)), np.nan)
    for name in ("is_disposable_email", "is_hosting_signup", "is_prepaid_payment"):
        values[:, NAMES.index(name)] = [0.0, 1.0]
    decent, odd = own_evidence(frame(values, used=False))
    assert odd > decent + 1.0


def test_both_kinds_are_asked_and_nobody_is_forgotten():
    values = np.full((4, len(NAMES)), np.nan)
    mixed = frame(values, used=False)
    flags = np.array([True, False, True, False])
    mixed = FeatureFrame(mixed.account_ids, NAMES, values, flags, mixed.catalogue)
    said = own_evidence(mixed)
    assert said[0] == said[2] != said[1] == said[3]
    assert np.isfinite(said).all()


def test_a_site_without_accounts_has_no_conduct():
    assert own_evidence(frame(np.empty((0, len(NAMES))), used=True)).shape == (0,)
