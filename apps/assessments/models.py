from django.db import models

from apps.assessments.choices import ImportState
from apps.core.models import AppendOnlyModel


class Assessment(AppendOnlyModel):
    """One complete run of the pipeline for one account: the spine of the system."""

    id = models.CharField(primary_key=True, max_length=40)
    # asked for by account and moment alone: see Meta.indexes
    account = models.ForeignKey(
        "customers.Account", models.PROTECT, related_name="+", db_index=False
    )
    as_of = models.DateTimeField()
    created_at = models.DateTimeField()
    event = models.CharField(max_length=24)
    score = models.ForeignKey(
        "scoring.Score", models.PROTECT, related_name="+", db_index=False
    )
    decision = models.ForeignKey(
        "decisions.Decision", models.PROTECT, related_name="+", db_index=False
    )
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
            # Facts may come back to what they were: then the same inputs follow another
            # assessment, and are a new one. The first one of a moment follows none.
            models.UniqueConstraint(
                fields=["account", "as_of", "event", "facts_digest", "supersedes"],
                nulls_distinct=False,
                name="one_assessment_per_input",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-as_of"], name="assessment_latest"),
            models.Index(fields=["as_of"], name="assessment_as_of"),
        ]


class StagedImport(models.Model):
    """Files that somebody wants to import in the browser, from upload to facts.

    Until it is `loaded` nothing of it is a fact: discarding it removes the files.
    `files` holds what each file is and how it is read, `check` what a rehearsal
    said, `result` what the import brought; none of them holds a value of a file.
    """

    id = models.CharField(primary_key=True, max_length=40)
    state = models.CharField(max_length=10, choices=ImportState.choices)
    source = models.CharField(max_length=200)
    files = models.JSONField()
    lenient = models.BooleanField(default=True)
    check_report = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    job_id = models.CharField(max_length=40, blank=True)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    row_version = models.IntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="staged_import_newest")]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"
