from django.db import models

from apps.core.models import AppendOnlyModel


class ReferenceSet(AppendOnlyModel):
    """One version of one kind of reference data, in a file named by its content."""

    kind = models.CharField(max_length=20)
    version = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=400)
    licence = models.CharField(max_length=400)
    rows = models.BigIntegerField()
    loaded_at = models.DateTimeField()
    max_age_days = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "sha256", "source"], name="one_reference_set"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class ActiveReference(models.Model):
    """The one row that says which sets answer: `sets` is {kind: [set ids, first wins]}.

    A refresh flips it in one transaction, so that half a refresh is never visible.
    """

    name = models.CharField(primary_key=True, max_length=10, default="active")
    revision = models.PositiveBigIntegerField(default=0)
    sets = models.JSONField(default=dict)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(name="active"), name="one_active_reference"
            )
        ]

    def __str__(self) -> str:
        return f"reference data, revision {self.revision}"
