from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.models import AppendOnlyModel


class PolicyVersion(models.Model):
    """Thresholds and rules in force; immutable once published."""

    class State(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        RETIRED = "retired"

    version = models.IntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State.choices)
    thresholds = models.JSONField()  # {"observe": .., "review": .., "limit": .. ...}
    rules = models.JSONField()  # [{code, expression, action, text}]
    sha256 = models.CharField(max_length=64)
    row_version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=64, blank=True)


class Decision(AppendOnlyModel):
    """What the policy or a person decided. People's decisions refer to the case."""

    id = models.CharField(primary_key=True, max_length=40)
    # asked for by account alone: see Meta.indexes
    account = models.ForeignKey(
        "customers.Account", models.PROTECT, related_name="+", db_index=False
    )
    score = models.ForeignKey(
        "scoring.Score", models.PROTECT, null=True, related_name="+", db_index=False
    )
    policy = models.ForeignKey(
        PolicyVersion, models.PROTECT, related_name="+", db_index=False
    )
    as_of = models.DateTimeField()
    action = models.CharField(max_length=10)
    band = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=10)  # machine | person
    matched_rules = ArrayField(models.CharField(max_length=24), default=list)
    reasons = ArrayField(models.CharField(max_length=8), default=list)
    final = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=64, blank=True)
    approved_by = models.CharField(max_length=64, blank=True)
    case_id = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-as_of"], name="decision_latest")]
