"""How far the scored have moved from those that a model learned from."""

import math

from apps.scoring import services
from tests.integration.scoring.conftest import frame, stored_scores

COUNT = 120


def test_without_a_model_nothing_has_moved(db):
    assert services.drift(kind="entry", most=10) is None


def test_few_scores_say_nothing_about_drift(champions):
    found = services.drift(kind="activity", most=10)
    assert found.scores == 0
    assert all(math.isnan(index) for index in found.indices.values())


def test_the_newest_scores_are_compared_with_what_the_model_learned_from(champions):
    values = frame(COUNT, 9, active=1.0)
    values.values[:, 0] *= 50.0  # accounts of another age than any that were seen
    stored_scores(values)
    found = services.drift(kind="activity", most=COUNT)
    assert found.scores == COUNT
    known = {name: one for name, one in found.indices.items() if not math.isnan(one)}
    assert max(known, key=known.__getitem__) == "account_age_days"
