"""The rules of review: totality of tables, the order of the queue, who sees what."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.access.choices import Role
from apps.review import policy
from apps.review.choices import Answer, Lane, Leaning, Mode, State
from apps.review.errors import (
    DispositionError,
    IllegalTransitionError,
    OwnCaseApprovalError,
)
from apps.review.policy.states import AFTER

chances = st.floats(0, 1)
amounts = st.floats(0, 100)
stakes = st.builds(policy.Stakes, amounts, st.floats(0, 1), st.floats(1, 60), chances)


def test_every_state_has_its_moves_and_closed_is_the_end():
    assert set(policy.NEXT) == set(State)
    assert policy.NEXT[State.CLOSED] == frozenset()
    reached = frozenset[State]().union(*policy.NEXT.values())
    assert reached == set(State), "a state that no move reaches"


def test_every_answer_leads_somewhere_that_the_table_allows():
    assert set(AFTER) == set(Answer)
    for outcome in AFTER.values():
        assert outcome.state in policy.NEXT[State.CLAIMED]
        assert (outcome.state == State.WAITING) == bool(outcome.waiting_for)
        assert (outcome.state == State.WAITING) == (outcome.days > 0)


@pytest.mark.parametrize(("now", "wanted"), list(product(State, State)))
def test_moves_outside_the_table_are_refused(now, wanted):
    if wanted in policy.NEXT[now]:
        policy.check_move(now, wanted)
    else:
        with pytest.raises(IllegalTransitionError):
            policy.check_move(now, wanted)


@given(chances, stakes)
def test_rank_is_never_negative_and_halves_with_twice_the_minutes(chance, one):
    rank = policy.rank(chance, one)
    assert rank >= 0
    slower = one._replace(minutes=2 * one.minutes)
    assert policy.rank(chance, slower) == pytest.approx(rank / 2)


@given(chances, stakes, amounts)
def test_more_harm_never_waits_longer(chance, one, more):
    worse = one._replace(harm=one.harm + more)
    assert policy.rank(chance, worse) >= policy.rank(chance, one)


def test_a_good_customer_who_waits_counts_although_harm_is_unlikely():
    blocked = policy.Stakes(0.05, 0.8, 3.0, 1.0)
    free = blocked._replace(friction=0.0)
    assert policy.rank(0.02, blocked) > 10 * policy.rank(0.02, free)


@given(st.sets(st.integers(1, 2**30), min_size=2, max_size=50))
def test_references_are_unique(numbers):
    assert len({policy.reference(number) for number in numbers}) == len(numbers)


def test_references_are_short_and_do_not_count_up():
    first, second = policy.reference(1), policy.reference(2)
    assert len(first) == len("C-XXXX")
    assert first[:3] != second[:3]


@given(amounts, st.floats(0, 1))
def test_stake_has_five_steps(harm, friction):
    assert 1 <= policy.stake_level(harm, friction) <= 5


actions = st.sampled_from(["challenge", "limit", "review", "hold"])


@given(actions, st.integers(0, 2**32 - 1), chances, chances, st.integers(1, 5))
def test_only_cheap_and_sure_cases_show_the_model_at_once(
    action, draw, one, other, stake
):
    low, high = sorted((one, other))
    mode = policy.mode_for(action=action, low=low, high=high, stake=stake, draw=draw)
    if draw % 20 == 0:
        assert mode == Mode.BLIND
    elif action != "challenge" or high - low > 0.15 or stake > 2 or low <= 0.5 <= high:
        assert mode == Mode.EVIDENCE_FIRST
    else:
        assert mode == Mode.ASSISTED


@pytest.mark.parametrize(("state", "mode"), list(product(State, Mode)))
def test_no_analyst_sees_the_model_before_judging(state, mode):
    seen = policy.may_see_model(
        role=Role.ANALYST, state=state, mode=mode, judged=False, anyone_judged=True
    )
    assert seen == (state == State.CLOSED or mode == Mode.ASSISTED)


@pytest.mark.parametrize("mode", Mode)
def test_a_second_person_answers_before_the_model_shows(mode):
    for judged in (False, True):
        seen = policy.may_see_model(
            role=Role.LEAD,
            state=State.APPROVAL,
            mode=mode,
            judged=judged,
            anyone_judged=True,
        )
        assert seen == (judged and mode != Mode.BLIND)


@pytest.mark.parametrize("role", Role)
def test_blind_stays_blind_while_a_case_is_open(role):
    if role in {Role.AUDITOR, Role.MODEL_OWNER}:
        return  # they never decide
    assert not policy.may_see_model(
        role=role,
        state=State.CLAIMED,
        mode=Mode.BLIND,
        judged=True,
        anyone_judged=True,
    )


def test_four_eyes_are_two_persons():
    policy.check_second_person(first=1, second=2)
    with pytest.raises(OwnCaseApprovalError):
        policy.check_second_person(first=1, second=1)


@pytest.mark.parametrize("answer", Answer)
def test_what_a_conclusion_must_bring(answer):
    with pytest.raises(DispositionError) as refused:
        policy.check_disposition(answer=answer, reasons=["XXX-99"] * 5, note="")
    codes = {problem.code for problem in refused.value.problems}
    assert {"too_many", "unknown"} <= codes
    assert ("required" in codes) == (
        answer in {"suspend", "terminate", "escalate", "insufficient"}
    )
    policy.check_disposition(answer=answer, reasons=["LNK-81"], note="Because.")


def test_reason_codes_are_unique_and_apart_from_the_models():
    codes = [reason.code for reason in policy.REASONS]
    assert len(set(codes)) == len(codes)
    assert all(int(code[4:]) > 80 for code in codes)


@pytest.mark.parametrize(
    ("reasons", "tier"),
    [(["IDN-81"], "A"), (["IDN-81", "LNK-81"], "B"), (["LNK-81", "SAN-81"], "C")],
)
def test_the_notice_says_no_more_than_its_strictest_reason(reasons, tier):
    assert policy.notice_tier(reasons) == tier


@pytest.mark.parametrize("leaning", Leaning)
def test_only_a_switch_to_the_models_side_is_asked_about(leaning):
    asked = policy.switched_to_model(answer="suspend", leaning=leaning, probability=0.9)
    assert asked == (leaning != Leaning.ABUSE)
    assert not policy.switched_to_model(
        answer="suspend", leaning=leaning, probability=0.1
    )


def test_lanes_follow_friction():
    assert policy.lane_for("hold") == Lane.WAITING
    assert policy.lane_for("review") == Lane.HARM


@given(chances)
def test_percent_is_never_a_false_certainty(value):
    assert policy.percent(value) not in {"0 %", "100 %"}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(59, "59 s"), (60, "1 min"), (7200, "2 h"), (172_800, "2 d"), (95e6, "3.0 y")],
)
def test_durations_use_the_largest_telling_unit(seconds, said):
    assert policy.duration(timedelta(seconds=seconds)) == said


def test_networks_are_called_what_people_call_them():
    asked = ("vpn", "tor", "isp", "residential", None)
    assert [policy.network_of(one) for one in asked] == [
        "VPN network", "Tor network", "ISP network", "residential network",
        "unknown network",
    ]  # fmt: skip
