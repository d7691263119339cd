from django.db import models

from apps.core.models import AppendOnlyModel


class Customer(AppendOnlyModel):
    """A person or organisation behind one or more accounts."""

    customer_id = models.CharField(max_length=128, unique=True)
    subject = models.UUIDField(unique=True)
    ingested_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.customer_id


class CustomerVersion(AppendOnlyModel):
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="versions", db_index=False
    )
    valid_from = models.DateTimeField()
    recorded_at = models.DateTimeField()
    ingested_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=20, null=True)
    country = models.CharField(max_length=2, null=True)
    verified_level = models.SmallIntegerField(null=True)
    beneficial_owners = models.IntegerField(null=True)
    registration = models.CharField(max_length=32, null=True)
    # the audit entry that covers a row written in bulk; None: an entry of its own
    chunk = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "digest"], name="one_customer_version_per_content"
            )
        ]


class Account(AppendOnlyModel):
    """What is scored: a provider's account."""

    account_id = models.CharField(max_length=128, unique=True)
    created_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    ingested_at = models.DateTimeField()
    subject = models.UUIDField(unique=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="account_created")]

    def __str__(self) -> str:
        return self.account_id


class AccountVersion(AppendOnlyModel):
    """Facts about an account from `valid_from` on. No personal value: see the vault."""

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="versions", db_index=False
    )
    valid_from = models.DateTimeField()
    recorded_at = models.DateTimeField()
    ingested_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    # versioned: valid_from was given or the row came by API; unknown: final snapshot
    history = models.CharField(max_length=10, default="versioned")
    kind = models.CharField(max_length=20, null=True)
    plan = models.CharField(max_length=64, null=True)
    channel = models.CharField(max_length=20, null=True)
    email_class = models.CharField(max_length=12, null=True)
    email_pattern = models.CharField(max_length=64, null=True)
    email_verified = models.BooleanField(null=True)
    phone_verified = models.BooleanField(null=True)
    phone_country = models.CharField(max_length=2, null=True)
    declared_country = models.CharField(max_length=2, null=True)
    declared_use_case = models.CharField(max_length=1000, null=True)
    org_domain_matches = models.BooleanField(null=True)
    registration_given = models.BooleanField(null=True)
    signup_ip_class = models.CharField(max_length=12, null=True)
    signup_asn = models.BigIntegerField(null=True)
    signup_ip_country = models.CharField(max_length=2, null=True)
    signup_client = models.CharField(max_length=32, null=True)
    signup_timezone = models.CharField(max_length=64, null=True)
    signup_form_ms = models.BigIntegerField(null=True)
    payment_type = models.CharField(max_length=10, null=True)
    payment_funding = models.CharField(max_length=10, null=True)
    payment_country = models.CharField(max_length=2, null=True)
    payment_bin = models.CharField(max_length=8, null=True)
    payer_matches = models.BooleanField(null=True)
    contract = models.BooleanField(null=True)
    permitted_scope = models.CharField(max_length=128, null=True)
    customer_id = models.CharField(max_length=128, null=True)
    parent_account_id = models.CharField(max_length=128, null=True)
    chunk = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "digest"], name="one_account_version_per_content"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-valid_from"], name="version_latest")
        ]


class AccountValue(AppendOnlyModel):
    """A value that accounts can share (card, device, network...), as a keyed hash.

    `seen_at` is when the account was first seen with it; a fact that arrives late may
    add a row with an earlier moment, never one with a later.
    """

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="values", db_index=False
    )
    kind = models.CharField(max_length=16)
    value = models.CharField(max_length=64)
    seen_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "value", "seen_at"],
                name="one_value_per_account",
            )
        ]
        indexes = [
            models.Index(
                fields=["kind", "value", "seen_at"],
                include=["account", "recorded_at"],
                name="value_lookup",
            )
        ]


class ApiKey(AppendOnlyModel):
    """One version of a credential of an account; a revocation is a newer version."""

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="api_keys", db_index=False
    )
    key_id = models.CharField(max_length=128)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=200, null=True)
    scopes = models.CharField(max_length=400, null=True)
    environment = models.CharField(max_length=40, null=True)
    created_net = models.CharField(max_length=32, null=True)
    recorded_at = models.DateTimeField()
    ingested_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    chunk = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "key_id", "digest"], name="one_key_version"
            )
        ]
        indexes = [models.Index(fields=["key_id"], name="api_key_id")]


class PaymentMethod(AppendOnlyModel):
    """One version of a payment instrument; the fingerprint is a keyed hash."""

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="payment_methods", db_index=False
    )
    fingerprint = models.CharField(max_length=32)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    type = models.CharField(max_length=10, null=True)
    bin = models.CharField(max_length=8, null=True)
    funding = models.CharField(max_length=10, null=True)
    country = models.CharField(max_length=2, null=True)
    recorded_at = models.DateTimeField()
    ingested_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    chunk = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "fingerprint", "digest"],
                name="one_payment_method_version",
            )
        ]


class VaultKey(models.Model):
    """A subject's data key under a key of KYCRISK_PII_KEYS; deleting it erases."""

    subject = models.UUIDField(primary_key=True)
    key_version = models.CharField(max_length=16)
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return f"key of {self.subject}"


class VaultValue(models.Model):
    """One personal value under its subject's data key (AES-256-GCM)."""

    subject = models.UUIDField()
    field = models.CharField(max_length=32)
    key_version = models.PositiveSmallIntegerField(default=1)
    nonce = models.BinaryField(max_length=12)
    ciphertext = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["subject", "field", "-recorded_at"], name="vault_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.subject}"
