from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.models import AppendOnlyModel


class RingRun(AppendOnlyModel):
    """One detection pass over everything known at `as_of`.

    A pass that goes on from an earlier one names the full pass as its `basis`: by its
    rates it measures. Together with the facts it gives the same rings again.
    """

    as_of = models.DateTimeField()
    facts_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    accounts = models.IntegerField()
    links = models.IntegerField()
    basis = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["as_of", "facts_digest", "code_version"], name="one_ring_run"
            )
        ]


class Ring(AppendOnlyModel):
    """A group of accounts under one operator, as one run saw it."""

    run = models.ForeignKey(RingRun, models.PROTECT, related_name="rings")
    ring_id = models.CharField(max_length=40)
    size = models.IntegerField()
    probability = models.FloatField()
    log_odds = models.FloatField()
    views = ArrayField(models.CharField(max_length=16))
    # the terms of the log-odds, and the values that hold the group together
    evidence = models.JSONField()
    first_seen_at = models.DateTimeField()
    # Evidence against chance from facts newer than the ring: of those since the last
    # test (none where this pass made no test), of all so far as a logarithm, and up to
    # when facts were tested. Passes of older code have none.
    e_value = models.FloatField(null=True)
    log_e = models.FloatField(null=True)
    tested_to = models.DateTimeField(null=True)
    confirmed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "ring_id"], name="one_ring_per_run")
        ]
        indexes = [models.Index(fields=["ring_id"], name="ring_public_id")]


class Membership(AppendOnlyModel):
    class Level(models.TextChoices):
        CORE = "core"
        LIKELY = "likely"
        PERIPHERY = "periphery"
        BYSTANDER = "bystander"

    ring = models.ForeignKey(Ring, models.PROTECT, related_name="memberships")
    account = models.ForeignKey("customers.Account", models.PROTECT, related_name="+")
    level = models.CharField(max_length=10, choices=Level.choices)
    agreement = models.FloatField()  # m in [0, 1]
    views = ArrayField(models.CharField(max_length=16))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ring", "account"], name="one_membership")
        ]
        indexes = [models.Index(fields=["account"], name="membership_account")]


class Association(AppendOnlyModel):
    """An account whose rare values are those of suspicious others, as one run saw it.

    No ring is claimed. log_odds = own + the log_odds of each of `values` + those of the
    base rate, and probability is theirs.
    """

    run = models.ForeignKey(RingRun, models.PROTECT, related_name="associations")
    account = models.ForeignKey("customers.Account", models.PROTECT, related_name="+")
    probability = models.FloatField()
    log_odds = models.FloatField()
    own = models.FloatField()  # what its own conduct says, in log-odds
    # of each view the value that says most: kind, value, others, log_odds, points
    values = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "account"], name="one_association")
        ]
        indexes = [models.Index(fields=["account"], name="association_account")]


class RingChange(AppendOnlyModel):
    """What a pass saw happen to a ring since the pass before it."""

    class Kind(models.TextChoices):
        FOUND = "found"
        CHANGED = "changed"
        SPLIT = "split"  # out of another
        MERGED = "merged"  # into another
        SUCCEEDED = "succeeded"  # another, whose values it carries on
        ENDED = "ended"

    run = models.ForeignKey(RingRun, models.PROTECT, related_name="changes")
    ring_id = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    other = models.CharField(max_length=40, blank=True)  # the ring that it concerns
    joined = models.IntegerField()
    left = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "ring_id"], name="one_ring_change")
        ]
        indexes = [
            models.Index(fields=["ring_id"], name="ring_change_ring"),
            models.Index(fields=["other"], name="ring_change_other"),
        ]
