from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.models import AppendOnlyModel


class ModelVersion(models.Model):
    """A LightGBM text and its signed manifest, by the hash of the text."""

    class State(models.TextChoices):
        CANDIDATE = "candidate"
        CHAMPION = "champion"
        RETIRED = "retired"

    id = models.CharField(primary_key=True, max_length=40)
    kind = models.CharField(max_length=10)  # entry | activity
    version = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    manifest = models.JSONField()
    as_of = models.DateTimeField()
    seed = models.IntegerField()
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.CANDIDATE
    )
    row_version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    promoted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="model_version"),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(state="champion"),
                name="one_champion_per_kind",
            ),
        ]


class Score(AppendOnlyModel):
    """What the model said about one account at `as_of`, with every part of the sum."""

    id = models.CharField(primary_key=True, max_length=40)
    account = models.ForeignKey("customers.Account", models.PROTECT, related_name="+")
    model = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+")
    as_of = models.DateTimeField()
    catalogue = models.CharField(max_length=16)
    # in the order of the model's manifest; NaN where the value is missing
    features = ArrayField(models.FloatField())
    contributions = ArrayField(models.FloatField())  # log-odds, the last is the base
    margin = models.FloatField()
    own_probability = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    probability = models.FloatField()  # joined with the ring
    ring_id = models.CharField(max_length=40, null=True)
    ring_probability = models.FloatField(null=True)
    agreement = models.FloatField(null=True)
    # [{code, family, direction, points, text, customer_safe_key, features}]
    reasons = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["account", "-as_of"], name="score_latest")]
