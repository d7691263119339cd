"""Cases: opened once, judged first, decided by two where it hurts."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from apps.audit.selectors import history_of
from apps.core.errors import AppendOnlyError
from apps.decisions.models import Decision
from apps.review import services
from apps.review.choices import State
from apps.review.errors import (
    AlreadyAnsweredError,
    CaseRoleError,
    ImpressionMissingError,
    OwnCaseApprovalError,
)
from apps.review.models import Case, CaseUpdate, Impression, Lease
from apps.review.selectors.case import case_view
from tests.integration.review.desk import suspend


def kinds(case_id):
    return [entry.kind for entry in history_of(object_type="case", object_id=case_id)]


def test_only_actions_that_need_a_person_open_cases(desk):
    made = [
        desk.decision(desk.account(), action)
        for action in ("allow", "observe", "challenge", "limit", "review", "hold")
    ]
    opened = services.open_cases(decisions=made, as_of=desk.at, at=desk.at)
    assert set(opened) == {one.id for one in made[2:]}
    assert set(Case.objects.values_list("lane", flat=True)) == {"harm", "waiting"}
    again = services.open_cases(decisions=made, as_of=desk.at, at=desk.at)
    assert again == opened
    assert Case.objects.count() == 4


def test_new_evidence_joins_the_open_case_and_wakes_it(desk):
    user = desk.person()
    lease = desk.judged(user)
    services.decide(
        case_id=lease.case_id,
        token=lease.token,
        user=user,
        made=services.Conclusion("insufficient", [], "No use seen yet."),
        at=desk.at,
    )
    case = Case.objects.get(pk=lease.case_id)
    assert case.state == State.WAITING
    later = desk.decision(case.account)
    opened = services.open_cases(decisions=[later], as_of=desk.at, at=desk.at)
    assert opened == {later.id: case.id}
    assert CaseUpdate.objects.get().decision == later
    case.refresh_from_db()
    assert case.state == State.OPEN
    assert "review.case.reopened" in kinds(case.id)


def test_news_of_a_case_says_nothing_twice(desk):
    user = desk.person()
    case = desk.case(reason={"text": "Fast form"})
    for text in ("Fast form", "Shared card", "Shared card"):
        again = desk.decision(case.account, reason={"text": text})
        services.open_cases(decisions=[again], as_of=desk.at, at=desk.at)
    view = case_view(case_id=case.id, user=user, at=desk.at)
    assert [one.trigger[0] for one in view.updates] == ["Shared card"]
    assert case.updates.count() == 3


def test_members_of_one_ring_share_a_ring_case(desk):
    ring = {"ring_id": "ring_x", "ring_probability": 0.9, "agreement": 0.8}
    made = [desk.decision(desk.account(), **ring) for _ in range(3)]
    services.open_cases(decisions=made, as_of=desk.at, at=desk.at)
    case = Case.objects.get(lane="ring")
    assert case.account is None
    assert case.members.count() == 3
    services.open_cases(
        decisions=[desk.decision(desk.account(), **ring)], as_of=desk.at, at=desk.at
    )
    assert case.members.count() == 4
    user = desk.person()
    with pytest.raises(CaseRoleError):
        services.take_case(case_id=case.id, user=user, at=desk.at)


def test_a_ring_case_closes_with_the_last_of_its_accounts(desk):
    ring = {"ring_id": "ring_x", "ring_probability": 0.9, "agreement": 0.8}
    made = [desk.decision(desk.account(), **ring) for _ in range(2)]
    desk.case(action="hold")
    services.open_cases(decisions=made, as_of=desk.at, at=desk.at)
    case, user = Case.objects.get(lane="ring"), desk.person()
    for state in (State.OPEN, State.CLOSED):
        lease = services.take_next(user=user, at=desk.at, ring_case=case.id)
        assert lease.case.ring_case == case
        held = {"case_id": lease.case_id, "token": lease.token, "user": user}
        services.record_impression(
            **held, leaning="abuse", confidence="high", at=desk.at
        )
        services.decide(
            **held, made=services.Conclusion("limit", ["RNG-81"]), at=desk.at
        )
        case.refresh_from_db()
        assert case.state == state
    assert services.take_next(user=user, at=desk.at, ring_case=case.id) is None


def test_the_trigger_tells_no_probability_of_a_ring(desk):
    told = {"family": "RNG", "text": "Group ring_x holds with probability 99%"}
    case = desk.case(reason=told)
    assert case.trigger == ["Shares rare values with a group of other accounts"]


def test_the_next_case_is_the_one_with_the_highest_rank(desk):
    low, high = desk.case(), desk.case(action="hold")
    assert high.rank > low.rank
    lease = services.take_next(user=desk.person(), at=desk.at)
    assert lease.case_id == high.id
    assert {"review.case.opened", "review.case.claimed"} <= set(kinds(high.id))


def test_nobody_decides_before_an_impression_and_it_stands(desk):
    user = desk.person()
    lease = desk.held(user)
    with pytest.raises(ImpressionMissingError):
        services.decide(
            case_id=lease.case_id,
            token=lease.token,
            user=user,
            made=suspend(),
            at=desk.at,
        )
    given = {"case_id": lease.case_id, "token": lease.token, "user": user}
    services.record_impression(**given, leaning="unsure", confidence="low", at=desk.at)
    with pytest.raises(AlreadyAnsweredError):
        services.record_impression(
            **given, leaning="abuse", confidence="high", at=desk.at
        )
    row = Impression.objects.get()
    with pytest.raises(AppendOnlyError):
        row.save()


@pytest.mark.parametrize(
    ("answer", "action", "state"),
    [
        ("allow", "allow", State.CLOSED),
        ("limit", "limit", State.CLOSED),
        ("ask", "challenge", State.WAITING),
        ("hold", "hold", State.CLOSED),
        ("suspend", "hold", State.APPROVAL),
        ("terminate", "hold", State.APPROVAL),
        ("escalate", None, State.WAITING),
    ],
)
def test_each_answer_takes_effect_and_moves_the_case(desk, answer, action, state):
    user = desk.person()
    lease = desk.judged(user)
    services.decide(
        case_id=lease.case_id,
        token=lease.token,
        user=user,
        made=services.Conclusion(answer, ["LNK-81"], "Seen."),
        at=desk.at,
    )
    case = Case.objects.get(pk=lease.case_id)
    made = Decision.objects.filter(source="person").values_list("action", flat=True)
    assert (list(made), case.state) == ([action] if action else [], state)
    assert Lease.objects.get().ended_by == "finished"


def test_a_suspension_needs_another_lead_who_answers_first(desk):
    lead = desk.person("lead")
    escalated = desk.judged(desk.person())
    services.decide(
        case_id=escalated.case_id,
        token=escalated.token,
        user=escalated.holder,
        made=services.Conclusion("escalate", [], "Too large for me."),
        at=desk.at,
    )
    lease = services.take_case(case_id=escalated.case_id, user=lead, at=desk.at)
    services.record_impression(
        case_id=lease.case_id,
        token=lease.token,
        user=lead,
        leaning="abuse",
        confidence="high",
        at=desk.at,
    )
    services.decide(
        case_id=lease.case_id, token=lease.token, user=lead, made=suspend(), at=desk.at
    )
    asked = {"case_id": lease.case_id, "at": desk.at}
    agreed = {"verdict": "approved", "note": ""}
    with pytest.raises(OwnCaseApprovalError):
        services.give_opinion(**asked, user=lead, answer="suspend")
    with pytest.raises(OwnCaseApprovalError):
        services.approve(**asked, user=lead, **agreed)
    with pytest.raises(CaseRoleError):
        services.approve(**asked, user=desk.person("analyst"), **agreed)
    second = desk.person("lead")
    with pytest.raises(ImpressionMissingError):
        services.approve(**asked, user=second, **agreed)
    assert not Decision.objects.filter(action="suspend").exists()
    services.give_opinion(**asked, user=second, answer="suspend")
    services.approve(**asked, user=second, **agreed)
    made = Decision.objects.get(action="suspend")
    assert (made.decided_by, made.approved_by) == (str(lead.pk), str(second.pk))
    assert Case.objects.get(pk=lease.case_id).state == State.CLOSED


def test_a_returned_proposal_goes_back_to_the_queue(desk):
    case = desk.proposed(desk.person())
    lead = desk.person("lead")
    services.give_opinion(case_id=case.id, user=lead, answer="limit", at=desk.at)
    services.approve(
        case_id=case.id, user=lead, verdict="returned", note="Too harsh.", at=desk.at
    )
    case.refresh_from_db()
    assert case.state == State.OPEN
    assert not Decision.objects.filter(action="suspend").exists()


def test_a_change_without_an_audit_entry_does_not_commit(desk):
    case = desk.case()
    with pytest.raises(IntegrityError, match="not recorded in the audit log"):
        close_quietly(case, desk.at)


@transaction.atomic
def close_quietly(case, at):
    Case.objects.filter(pk=case.pk).update(
        state=State.CLOSED, closed_at=at, row_version=F("row_version") + 1
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
