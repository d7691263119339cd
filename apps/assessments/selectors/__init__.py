from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from django.db.models import QuerySet

from apps.assessments.choices import Event
from apps.assessments.errors import NoAssessmentError
from apps.assessments.models import Assessment
from apps.assessments.selectors.audited import audited_assessments, audited_imports
from apps.assessments.selectors.digests import (
    assessment_content,
    deterministic,
    facts_digest,
)
from apps.scoring.models import ModelVersion
from apps.scoring.selectors import adaptation_of

__all__ = [
    "ModelFacts",
    "assessment_content",
    "assessment_of",
    "assessments_of",
    "audited_assessments",
    "audited_imports",
    "current_assessments",
    "deterministic",
    "facts_digest",
    "highest_ranked",
    "model_facts",
    "newest_assessments",
    "newest_pass",
]


class Moment(Protocol):
    """The event and the moment of a pass."""

    @property
    def event(self) -> str: ...
    @property
    def as_of(self) -> datetime: ...


def current_assessments(
    accounts: Iterable[int], moment: Moment
) -> dict[int, Assessment]:
    """Return each account's newest assessment of that moment and event."""
    rows = Assessment.objects.filter(
        account__in=list(accounts), as_of=moment.as_of, event=moment.event
    )
    light = rows.only("id", "account_id", "facts_digest", "created_at")
    return {row.account_id: row for row in light.order_by("created_at", "id")}


def highest_ranked(
    *, account_ids: Sequence[str], moment: Moment, limit: int
) -> list[str]:
    """Return accounts by their newest score of that moment and event, highest first."""
    rows = Assessment.objects.filter(
        account__account_id__in=account_ids, as_of=moment.as_of, event=moment.event
    )
    newest = rows.order_by("account", "-created_at", "-id").distinct("account")
    ranked = Assessment.objects.filter(pk__in=newest.values("pk")).order_by(
        "-score__probability", "account__account_id"
    )
    return list(ranked.values_list("account__account_id", flat=True)[:limit])


def assessments_of(account_id: int) -> QuerySet[Assessment]:
    """Every assessment of an account, newest first."""
    rows = Assessment.objects.filter(account_id=account_id)
    return rows.select_related("score", "decision").order_by("-as_of", "-created_at")


def assessment_of(assessment_id: str) -> Assessment:
    """Return a stored assessment with what it ties; raise NoAssessmentError."""
    rows = Assessment.objects.filter(pk=assessment_id)
    found = rows.select_related("score", "decision__policy", "account").first()
    if found is None:
        raise NoAssessmentError
    return found


def newest_assessments(*, account_id: str, limit: int = 50) -> QuerySet[Assessment]:
    """Return an account's newest assessments with what they tie, newest first."""
    rows = Assessment.objects.filter(account__account_id=account_id)
    joined = rows.select_related("score", "decision__policy", "account")
    return joined.order_by("-as_of", "-created_at")[:limit]


def newest_pass() -> datetime:
    """Return when the newest scheduled pass was stored; the epoch before the first."""
    rows = Assessment.objects.filter(event=Event.SCHEDULED).order_by("-as_of")
    found = rows.values_list("created_at", flat=True).first()
    return found or datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What never changes about a stored model."""

    id: str
    version: int
    sha256: str
    adaptation: str


@lru_cache(maxsize=64)
def model_facts(model_id: str) -> ModelFacts:
    """Return version, hash and adaptation of a model; asked once in a process."""
    row = ModelVersion.objects.get(pk=model_id)
    return ModelFacts(row.id, row.version, row.sha256, adaptation_of(row.manifest))
