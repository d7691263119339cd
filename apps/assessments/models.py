from django.db import models

from apps.core.models import AppendOnlyModel


class Assessment(AppendOnlyModel):
    """One complete run of the pipeline for one account: the spine of the system."""

    id = models.CharField(primary_key=True, max_length=40)
    account = models.ForeignKey("customers.Account", models.PROTECT, related_name="+")
    as_of = models.DateTimeField()
    created_at = models.DateTimeField()
    event = models.CharField(max_length=24)
    score = models.ForeignKey("scoring.Score", models.PROTECT, related_name="+")
    decision = models.ForeignKey("decisions.Decision", models.PROTECT, related_name="+")
    case_id = models.CharField(max_length=40, null=True)
    facts_digest = models.CharField(max_length=64)
    reference_versions = models.JSONField()
    degraded = models.BooleanField(default=False)
    missing = models.JSONField(default=list)
    # canonical JSON of the facts and of everything computed; frozen
    snapshot = models.TextField()
    # the audit entry of its chunk, where it was written in bulk
    audit_chunk = models.UUIDField(null=True)
    supersedes = models.CharField(max_length=40, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "as_of", "event", "facts_digest"],
                name="one_assessment_per_input",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-as_of"], name="assessment_latest"),
            models.Index(fields=["as_of"], name="assessment_as_of"),
        ]
