"""The policy: severity is an order, caps bind, an unknown value is no match."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions.choices import BANDS, SEVERITY, Action
from apps.decisions.errors import PolicyError
from apps.decisions.policy import (
    NUMBERS,
    Policy,
    Rule,
    action_for,
    band_for,
    check_policy,
    under_starter,
    verdict,
)
from apps.features.selectors import feature_names

NAMES = ("request_count_7d", "is_permitted_use")
RING_HOLD = Rule(
    "R-RING",
    "probability >= 0.9 && ring_views >= 3.0",
    "hold",
    "at_least",
    "A proven ring.",
)
PERMITTED = Rule("R-PERMIT", "is_permitted_use >= 1.0", "observe", "at_most", "Permit.")
POLICY = Policy(
    version=1,
    thresholds={"observe": 0.1, "review": 0.5},
    bands=(0.02, 0.1, 0.3, 0.7),
    rules=(RING_HOLD, PERMITTED),
    names=NAMES,
)
probabilities = st.floats(0, 1)


def values(**given: float) -> dict[str, float]:
    return dict.fromkeys((*NUMBERS, *NAMES), 0.0) | given


def decided(*, degraded: bool = False, **given: float) -> str:
    return verdict(POLICY, values(**given), degraded=degraded).action


@given(probabilities, probabilities, st.booleans())
def test_more_probability_never_lowers_the_action(one, other, degraded):
    low, high = sorted((one, other))
    before = decided(probability=low, ring_views=3.0, degraded=degraded)
    after = decided(probability=high, ring_views=3.0, degraded=degraded)
    assert SEVERITY[before] <= SEVERITY[after]


@given(probabilities, st.floats(0, 6), st.booleans())
def test_a_permission_caps_whatever_else_matched(probability, views, degraded):
    action = decided(
        probability=probability,
        ring_views=views,
        is_permitted_use=1.0,
        degraded=degraded,
    )
    assert SEVERITY[action] <= SEVERITY["observe"]


@given(probabilities, st.floats(0, 6), st.booleans())
def test_the_machine_never_suspends(probability, views, degraded):
    action = decided(probability=probability, ring_views=views, degraded=degraded)
    assert action != Action.SUSPEND


def test_degraded_inputs_ask_people_instead_of_adding_friction():
    assert decided(probability=0.95, ring_views=3.0) == "hold"
    assert decided(probability=0.95, ring_views=3.0, degraded=True) == "review"


def test_a_rule_over_a_missing_value_does_not_match():
    seen = verdict(
        POLICY, values(probability=0.95, ring_views=math.nan), degraded=False
    )
    assert seen.action == "review"
    assert seen.matched == ()


def test_matched_rules_are_named():
    seen = verdict(POLICY, values(probability=0.95, ring_views=4.0), degraded=False)
    assert seen.matched == ("R-RING",)


@given(probabilities)
def test_every_probability_has_a_band(probability):
    assert band_for(probability, POLICY.bands) in BANDS


def test_thresholds_include_their_own_value():
    assert action_for(0.5, POLICY.thresholds) == "review"
    assert action_for(math.nextafter(0.5, 0), POLICY.thresholds) == "observe"
    assert action_for(0.0, POLICY.thresholds) == "allow"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("nothing > 1.0", "undeclared reference"),
        ("probability > 'high'", "no matching overload"),
        ("probability", "yes-or-no"),
        ("probability > 1", "no matching overload"),
        ("probability >", "Syntax error"),
    ],
)
def test_a_rule_that_does_not_compile_is_named(expression, says):
    bad = replace(POLICY, rules=(replace(RING_HOLD, expression=expression),))
    with pytest.raises(PolicyError, match="R-RING") as caught:
        check_policy(bad)
    assert says in caught.value.detail


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"thresholds": {"observe": 1.5}}, "between 0 and 1"),
        ({"thresholds": {"ban": 0.5}}, "Unknown action"),
        ({"bands": (0.1, 0.02, 0.3, 0.7)}, "rising order"),
        ({"rules": (RING_HOLD, RING_HOLD)}, "share a code"),
        ({"rules": (replace(RING_HOLD, action="suspend"),)}, "only people suspend"),
        ({"rules": (replace(RING_HOLD, code="ring"),)}, "R- and capital letters"),
        ({"rules": (replace(RING_HOLD, effect="maybe"),)}, "at_least or at_most"),
        ({"rules": (replace(RING_HOLD, action="ban"),)}, "unknown action"),
    ],
)
def test_a_policy_that_cannot_work_is_refused(change, says):
    with pytest.raises(PolicyError) as caught:
        check_policy(replace(POLICY, **change))
    assert says in caught.value.detail


def test_the_starter_policy_compiles_against_the_catalogue():
    path = Path(__file__).parents[3] / "apps" / "decisions" / "starter.json"
    starter = json.loads(path.read_text())
    check_policy(
        Policy(
            version=1,
            thresholds=starter["thresholds"],
            bands=starter["bands"],
            rules=tuple(Rule(**rule) for rule in starter["rules"]),
            names=feature_names(),
        )
    )


@given(st.sampled_from(list(SEVERITY)), probabilities, st.floats(0, 6), st.booleans())
def test_under_a_starter_the_machine_only_observes_and_asks(
    rule, probability, ring, degraded
):
    least = "hold" if rule == "suspend" else rule  # nobody may write that rule
    raising = replace(RING_HOLD, action=least, expression="probability >= 0.3")
    policy = replace(POLICY, rules=(raising, RING_HOLD, PERMITTED))
    given = values(probability=probability, ring_views=ring)
    freely = verdict(policy, given, degraded=degraded)
    capped = verdict(policy, given, degraded=degraded, starter=True)
    assert capped.action in {"allow", "observe", "review"}
    assert SEVERITY[capped.action] <= SEVERITY[freely.action]
    assert (capped.band, capped.matched) == (freely.band, freely.matched)


def test_the_cap_takes_the_next_milder_thing_that_a_starter_may_do():
    lowered = {action: under_starter(action) for action in SEVERITY}
    assert lowered == {
        "allow": "allow",
        "observe": "observe",
        "challenge": "observe",
        "limit": "observe",
        "review": "review",
        "hold": "review",
        "suspend": "review",
    }
