"""Assessments for pages of stages upstream, which may not import this one."""

from django import template

from apps.assessments.models import Assessment
from apps.customers.models import Account
from apps.scoring.models import Score

register = template.Library()
SHOWN = 20


@register.simple_tag
def assessments_of(account: Account) -> list[Assessment]:
    """Return the latest assessments of an account, without their snapshots."""
    rows = Assessment.objects.filter(account=account).order_by("-as_of", "-id")
    return list(rows.defer("snapshot")[:SHOWN])


@register.simple_tag
def assessment_by_score(score: Score) -> str | None:
    """Return the id of the assessment that holds a score."""
    rows = Assessment.objects.filter(account_id=score.account_id, score=score)
    return rows.values_list("pk", flat=True).first()
