"""Chance opens cases, people decide them, and what they decide is a label."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.audit.services import sequence_now
from apps.audit.subjects import compare
from apps.review import policy, services
from apps.review.choices import Lane, Mode, State
from apps.review.models import Case
from apps.review.selectors.audited import audited_cases
from apps.scoring import selectors
from apps.scoring.models import AuditDraw
from apps.scoring.services import estimates
from apps.scoring.services.enough import labels_known
from apps.signals.models import Outcome
from tests.integration.review.desk import SECRET, TRIGGER, Desk, suspend

pytestmark = pytest.mark.django_db
ALLOW = services.Conclusion("allow", ["EXO-81"])


@pytest.fixture(autouse=True)
def half(settings):
    settings.KYCRISK_AUDIT_PERCENT = 400


def concluded(desk: Desk, made: services.Conclusion = ALLOW, **over) -> Case:
    """Let an analyst conclude a case of the machine's."""
    return conclude(desk, desk.judged(desk.person(), **over), made)


def conclude(desk: Desk, lease, made: services.Conclusion) -> Case:
    services.decide(
        case_id=lease.case_id,
        token=lease.token,
        user=lease.holder,
        made=made,
        at=desk.at,
    )
    return Case.objects.get(pk=lease.case_id)


def taken(desk: Desk, case: Case):
    user = desk.person()
    lease = services.take_case(case_id=case.id, user=user, at=desk.at)
    services.record_impression(
        case_id=case.id,
        token=lease.token,
        user=user,
        leaning="unsure",
        confidence="low",
        at=desk.at,
    )
    return lease


def audits(desk: Desk, accounts: int = 3) -> list[Case]:
    """Give the machine's opinion of some accounts, and draw all that is due."""
    for number in range(accounts):
        desk.decision(desk.account(), "allow", probability=0.1 * (number + 1))
    concluded(desk)
    return services.draw_audits(at=desk.at)


def test_a_desk_that_concludes_nothing_audits_nothing(desk: Desk) -> None:
    desk.decision(desk.account(), "allow")
    assert services.draw_audits(at=desk.at) == []


def test_an_audit_says_why_it_is_there_and_nothing_of_the_score(desk: Desk) -> None:
    cases = audits(desk)
    assert len(cases) == 3  # the tenth with the highest scores is one account
    for case in Case.objects.filter(lane=Lane.AUDIT):
        assert case.trigger == ["Drawn at random so that the model can be measured."]
        assert (case.mode, case.decision, case.ring_id) == (Mode.BLIND, None, "")
        assert (case.rank, case.expected_harm) == (policy.AUDIT_RANK, 0.0)
        assert case.draw.account == case.account
        assert 0.0 < case.draw.chance <= 1.0
    first = services.take_next(user=desk.person(), at=desk.at)
    assert first.case.lane == Lane.AUDIT


def test_the_share_is_kept_and_nobody_is_drawn_twice(desk: Desk, settings) -> None:
    settings.KYCRISK_AUDIT_PERCENT = 100
    for _ in range(6):
        desk.decision(desk.account(), "allow")
    concluded(desk)
    assert len(services.draw_audits(at=desk.at)) == 1
    assert services.draw_audits(at=desk.at) == []
    concluded(desk)
    assert len(services.draw_audits(at=desk.at)) == 1
    drawn = AuditDraw.objects.values_list("account_id", flat=True)
    assert len(set(drawn)) == len(drawn) == 2


def test_no_page_tells_the_reviewer_what_the_machine_thinks(desk: Desk) -> None:
    case = audits(desk)[0]
    lease = taken(desk, case)
    client = Client()
    client.force_login(lease.holder)
    for page in (f"/cases/{case.id}", f"/accounts/{case.account.account_id}"):
        text = client.get(page).content.decode()
        assert "figure-number" not in text
        assert "The policy chose" not in text
        assert ">policy<" not in text
        assert not [word for word in (*SECRET, TRIGGER) if word in text]
    conclude(desk, lease, ALLOW)
    assert "figure-number" in client.get(f"/cases/{case.id}").content.decode()


@pytest.mark.parametrize(
    ("answer", "label"),
    [("allow", "confirmed_legitimate"), ("hold", "inconclusive")],
)
def test_a_conclusion_is_an_outcome(desk: Desk, answer, label) -> None:
    case = audits(desk)[0]
    closed = conclude(desk, taken(desk, case), services.Conclusion(answer, ["EXO-81"]))
    assert closed.state == State.CLOSED
    row = Outcome.objects.get()
    assert (row.label, row.source) == (label, "random_audit")
    assert row.account_id == case.account_id
    assert row.outcome_id == selectors.outcome_id(case.draw_id)


def test_abuse_is_a_label_once_a_second_person_agrees(desk: Desk) -> None:
    case = audits(desk)[0]
    conclude(desk, taken(desk, case), suspend())
    assert not Outcome.objects.exists()
    lead = desk.person("lead")
    services.give_opinion(case_id=case.id, user=lead, answer="suspend", at=desk.at)
    services.approve(
        case_id=case.id, user=lead, verdict="approved", note="", at=desk.at
    )
    assert Outcome.objects.get().label == "confirmed_abuse"
    later = desk.at + timedelta(seconds=1)
    known = labels_known(at=later)
    assert (known.audits, known.positives) == (1, 1)
    found = estimates(at=later, model_id=desk.model.id)
    assert (found.drawn, found.decided, found.abusive) == (3, 1, 1)
    assert found.prevalence.value == 1.0
    assert estimates(at=later, model_id="mdl_other").drawn == 0


def test_other_cases_are_no_labels(desk: Desk) -> None:
    concluded(desk)
    assert not Outcome.objects.exists()


def test_what_the_machine_says_later_goes_to_a_case_of_its_own(desk: Desk) -> None:
    case = audits(desk)[0]
    opened = desk.case(case.account)
    assert opened.id != case.id
    assert opened.lane == Lane.HARM
    again = desk.decision(case.account)
    made = services.open_cases(decisions=[again], as_of=desk.at, at=desk.at)
    assert made == {again.id: opened.id}
    assert not Case.objects.get(pk=case.id).updates.exists()


def test_accounts_with_a_case_are_drawn_and_suspended_ones_are_not(desk: Desk) -> None:
    suspected = desk.case().account
    gone = desk.proposed(desk.person())
    lead = desk.person("lead")
    desk.at += timedelta(seconds=1)
    services.give_opinion(case_id=gone.id, user=lead, answer="suspend", at=desk.at)
    services.approve(
        case_id=gone.id, user=lead, verdict="approved", note="", at=desk.at
    )
    assert [one.account for one in services.draw_audits(at=desk.at)] == [suspected]
    assert AuditDraw.objects.get().asked


def test_the_log_repeats_every_draw(desk: Desk) -> None:
    drawn = {case.draw_id for case in audits(desk)}
    sequence_now(at=desk.at)
    assert compare("audit_draw", selectors.audited_draws()) == (3, [])
    assert compare("case", audited_cases()) == (4, [])
    told = {content.get("draw") for _, _, content in audited_cases()}
    assert told == drawn | {None}


def test_the_trainer_knows_whom_an_audit_stands_for(desk: Desk) -> None:
    cases = audits(desk)
    chances = selectors.chances(at=desk.at)
    assert chances == {one.account.account_id: one.draw.chance for one in cases}
