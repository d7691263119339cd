from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.models import AppendOnlyModel
from apps.scoring.choices import ModelKind, ModelState


class ModelVersion(models.Model):
    """A LightGBM text and its signed manifest, by the hash of the text.

    The files lie in KYCRISK_MODELS/<id>/; the row says which of them is in use.
    """

    State = ModelState

    id = models.CharField(primary_key=True, max_length=40)
    kind = models.CharField(max_length=10, choices=ModelKind.choices)
    version = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    manifest = models.JSONField()
    as_of = models.DateTimeField()
    seed = models.IntegerField()
    state = models.CharField(
        max_length=10, choices=ModelState.choices, default=ModelState.CANDIDATE
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

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class PromotionApproval(AppendOnlyModel):
    """One person's consent to make a candidate the champion."""

    id = models.CharField(primary_key=True, max_length=40)
    model = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+")
    # consent is to the model as it stood; one that was since retired needs new ones
    model_row_version = models.IntegerField()
    approved_by = models.CharField(max_length=64)
    approved_at = models.DateTimeField()
    gates = models.JSONField(default=list)  # ml.gates.Gate as they stood, as objects
    reason = models.TextField(blank=True, default="")  # to agree against a gate

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "model_row_version", "approved_by"],
                name="one_approval_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.approved_by} for {self.model_id}"


class Score(AppendOnlyModel):
    """What the model said about one account at `as_of`, with every part of the sum."""

    id = models.CharField(primary_key=True, max_length=40)
    # no index for each key: those below are asked for, and each slows every sign-up
    account = models.ForeignKey(
        "customers.Account", models.PROTECT, related_name="+", db_index=False
    )
    model = models.ForeignKey(
        ModelVersion, models.PROTECT, related_name="+", db_index=False
    )
    as_of = models.DateTimeField()
    catalogue = models.CharField(max_length=16)
    # in the order of the manifest's columns; NaN where the value is missing
    features = ArrayField(models.FloatField())
    contributions = ArrayField(models.FloatField())  # log-odds, the last is the base
    margin = models.FloatField()
    own_probability = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    probability = models.FloatField()  # with company, and joined with the ring
    ring_id = models.CharField(max_length=40, null=True)
    ring_probability = models.FloatField(null=True)
    agreement = models.FloatField(null=True)
    company = models.FloatField(null=True)  # log-odds; scores before it have none
    # a list of ml.frames.Reason, as objects
    reasons = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-as_of"], name="score_latest"),
            models.Index(fields=["model", "-as_of"], name="score_of_model"),
        ]

    def __str__(self) -> str:
        return self.id


class AuditDraw(AppendOnlyModel):
    """An account that chance chose for a review, and how likely that was."""

    id = models.CharField(primary_key=True, max_length=40)
    account = models.ForeignKey("customers.Account", models.PROTECT, related_name="+")
    # what the model said when it was drawn; the reviewer does not see it
    score = models.ForeignKey(Score, models.PROTECT, related_name="+")
    asked = models.BooleanField()  # the machine had asked for a person about it
    top = models.BooleanField()  # drawn among the highest scores, not among the others
    frame = models.IntegerField()  # accounts that it was drawn among
    chance = models.FloatField()
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="chance_of_a_draw",
                condition=models.Q(chance__gt=0.0, chance__lte=1.0),
            )
        ]
        indexes = [models.Index(fields=["drawn_at"], name="audit_drawn_at")]

    def __str__(self) -> str:
        return self.id
