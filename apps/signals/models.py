from django.db import models

from apps.core.models import AppendOnlyModel, KnownQuerySet


class Event(AppendOnlyModel):
    """A login, payment, verification, key or plan event. Addresses are keyed hashes."""

    account = models.ForeignKey("customers.Account", models.PROTECT, related_name="+")
    event_id = models.CharField(max_length=128)
    type = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    ingested_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    key_id = models.CharField(max_length=128, null=True)
    ip = models.CharField(max_length=32, null=True)
    net = models.CharField(max_length=32, null=True)
    asn = models.BigIntegerField(null=True)
    ip_class = models.CharField(max_length=12, null=True)
    device = models.CharField(max_length=32, null=True)
    fingerprint = models.CharField(max_length=32, null=True)
    bin = models.CharField(max_length=8, null=True)
    funding = models.CharField(max_length=10, null=True)
    country = models.CharField(max_length=2, null=True)
    success = models.BooleanField(null=True)
    mfa = models.BooleanField(null=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, null=True)
    plan = models.CharField(max_length=64, null=True)
    method = models.CharField(max_length=40, null=True)
    result = models.CharField(max_length=40, null=True)
    action = models.CharField(max_length=40, null=True)

    objects = KnownQuerySet.as_manager()  # type: ignore[misc]  # beyond the plugin

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "event_id"], name="one_event_per_account"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-occurred_at"], name="event_account_time"),
            models.Index(fields=["ingested_at"], name="event_ingested"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Outcome(AppendOnlyModel):
    """What was later learned about an account, and when it became known."""

    account = models.ForeignKey("customers.Account", models.PROTECT, related_name="+")
    outcome_id = models.CharField(max_length=128, unique=True)
    label = models.CharField(max_length=24)
    subtype = models.CharField(max_length=64, null=True)
    source = models.CharField(max_length=24)
    observed_at = models.DateTimeField()
    known_at = models.DateTimeField()
    ring = models.CharField(max_length=128, null=True)
    supersedes = models.CharField(max_length=128, null=True)
    chunk = models.UUIDField()  # the audit entry that covers the row
    ingested_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)

    class Meta:
        indexes = [models.Index(fields=["account", "known_at"], name="outcome_known")]

    def __str__(self) -> str:
        return f"{self.label} {self.outcome_id}"


class ProviderEvent(AppendOnlyModel):
    """The provider's calendar: releases, incidents, protection changes."""

    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=200)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()
    ingested_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name", "at"], name="one_provider_event"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ImportedFile(models.Model):
    """One file of a bundle, by the hash of its content; what makes imports idempotent.

    `progress` holds what is committed of an unfinished file: `lane N` (of small tables:
    how many chunks, their counts, unknown columns) or `dates` (date -> [accepted,
    duplicates, rejected]). `runs` counts the times that the file was read to its end
    and brought something.
    """

    sha256 = models.CharField(max_length=64)
    table = models.CharField(max_length=32)
    name = models.CharField(max_length=400)
    accepted = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    warnings = models.JSONField(default=list)
    progress = models.JSONField(default=dict)
    runs = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "table"], name="one_import_per_content"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.name}"


class LakeFile(models.Model):
    """A Parquet file that readers may see. What is not registered here does not exist.

    `row_sum` is the sum of the rows' body hashes modulo 2^63: equal facts give equal
    sums, however they are spread over files. Known-at times are the later one of
    occurred_at and recorded_at.
    """

    class Source(models.TextChoices):
        IMPORT = "import"
        SEAL = "seal"
        COMPACT = "compact"

    table = models.CharField(max_length=16)
    date = models.DateField()
    name = models.CharField(max_length=200, unique=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    row_sum = models.BigIntegerField()
    first_known_at = models.DateTimeField()
    last_known_at = models.DateTimeField()
    ingested_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["table", "date"], name="lake_table_date"),
            models.Index(fields=["ingested_at"], name="lake_ingested"),
        ]

    def __str__(self) -> str:
        return self.name
