"""What people did in the case is in the report; it is no way around evidence first."""

import pytest
from django.db import transaction

from apps.audit import services as audit
from apps.review import services as review
from tests.integration.reports.conftest import ACTOR

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db):
    from tests.integration.review.desk import Desk

    return Desk()


def assessment_of(case, desk):
    """Store the assessment that opened the case."""
    from apps.assessments.models import Assessment
    from apps.assessments.selectors import assessment_content

    with transaction.atomic():
        row = Assessment.objects.create(
            id="asm_test",
            account=case.account,
            as_of=desk.at,
            created_at=desk.at,
            event="signup",
            score=case.decision.score,
            decision=case.decision,
            case_id=case.id,
            facts_digest="0" * 64,
            reference_versions={},
            snapshot="{}",
        )
        audit.record(
            kind="assessments.assessment.created",
            object_type="assessment",
            object_id=row.id,
            version=1,
            content=assessment_content(row, row.score, row.decision),
            actor=ACTOR,
            at=desk.at,
        )
    return row


def test_steps_of_people_are_told_in_order_and_by_number(desk):
    from apps.reports.selectors import _human

    first_person, second = desk.person("analyst"), desk.person("lead")
    case = desk.proposed(first_person)
    review.give_opinion(case_id=case.id, user=second, answer="suspend", at=desk.at)
    review.approve(
        case_id=case.id, user=second, verdict="approved", note="", at=desk.at
    )
    first, concluded, approved = _human(case)
    assert first.what == "First impression: leaning abuse"
    assert concluded.what == "Concluded: Suspend"
    assert "LNK-81" in concluded.detail
    assert approved.what == "Second person: approved"
    assert [first.who, approved.who] == [
        f"staff {first_person.pk}",
        f"staff {second.pk}",
    ]
    assert first_person.email not in str([first, concluded, approved])


def test_the_report_opens_with_the_model_view_and_not_before(desk):
    from apps.reports.errors import EvidenceFirstError
    from apps.reports.selectors import check_may_read

    analyst = desk.person()
    lease = desk.held(analyst)
    row = assessment_of(lease.case, desk)
    asked = {"assessment_id": row.id, "user": analyst, "at": desk.at}
    with pytest.raises(EvidenceFirstError):
        check_may_read(**asked)
    review.record_impression(
        case_id=lease.case_id,
        token=lease.token,
        user=analyst,
        leaning="abuse",
        confidence="low",
        at=desk.at,
    )
    check_may_read(**asked)
