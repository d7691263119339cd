from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.models import AppendOnlyModel
from apps.review.choices import (
    BESIDE,
    Answer,
    Confidence,
    Lane,
    Leaning,
    LeaseEnd,
    Mode,
    State,
    Verdict,
    WaitingFor,
)


class Case(models.Model):
    """A unit of human work about one account or one ring."""

    id = models.CharField(primary_key=True, max_length=40)
    reference = models.CharField(max_length=12, unique=True)
    account = models.ForeignKey(
        "customers.Account", models.PROTECT, null=True, related_name="+"
    )
    ring_id = models.CharField(max_length=40, blank=True)
    # the ring case that an account case belongs to
    ring_case = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="members"
    )
    # the machine's decision that opened the case; a ring case has none of its own
    decision = models.ForeignKey(
        "decisions.Decision", models.PROTECT, null=True, related_name="+"
    )
    # chance chose the account, with a chance that is on file there
    draw = models.OneToOneField(
        "scoring.AuditDraw", models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    lane = models.CharField(max_length=10, choices=Lane.choices)
    mode = models.CharField(max_length=16, choices=Mode.choices)
    opened_at = models.DateTimeField()
    as_of = models.DateTimeField()
    trigger = ArrayField(models.CharField(max_length=300))
    expected_harm = models.FloatField()  # h: harm an hour if the account is abusive
    friction = models.FloatField()  # f: cost an hour to a good customer
    minutes = models.FloatField()  # m: expected handling time
    rank = models.FloatField()  # policy.rank of the three and the probability
    waiting_for = models.CharField(
        max_length=10, choices=WaitingFor.choices, blank=True, default=""
    )
    waiting_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    row_version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=~models.Q(state=State.CLOSED) & ~models.Q(lane__in=BESIDE),
                name="one_open_case_per_account",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(lane=Lane.SANCTIONS) & ~models.Q(state=State.CLOSED),
                name="one_open_sanctions_case",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(lane=Lane.AUDIT) & ~models.Q(state=State.CLOSED),
                name="one_open_audit_case",
            ),
            models.UniqueConstraint(
                fields=["ring_id"],
                condition=models.Q(lane=Lane.RING) & ~models.Q(state=State.CLOSED),
                name="one_open_case_per_ring",
            ),
            models.CheckConstraint(
                name="case_about_account_or_ring",
                condition=models.Q(account__isnull=False) | ~models.Q(ring_id=""),
            ),
            models.CheckConstraint(
                name="case_closed_with_its_time",
                condition=models.Q(state=State.CLOSED, closed_at__isnull=False)
                | (~models.Q(state=State.CLOSED) & models.Q(closed_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-rank"], name="case_queue"),
            models.Index(fields=["account", "-opened_at"], name="case_of_account"),
            models.Index(fields=["decision"], name="case_of_decision"),
        ]

    def __str__(self) -> str:
        return self.reference


class Lease(models.Model):
    """The right to write to a case for a while; the token fences late writers off."""

    token = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.PROTECT, related_name="leases")
    holder = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=10, choices=LeaseEnd.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_lease_per_case",
            )
        ]
        indexes = [models.Index(fields=["holder", "-taken_at"], name="lease_of_holder")]


class CaseUpdate(AppendOnlyModel):
    """A later machine decision about the account of an open case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="updates")
    decision = models.ForeignKey("decisions.Decision", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    trigger = ArrayField(models.CharField(max_length=300))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "decision"], name="one_update_per_decision"
            )
        ]


class Impression(AppendOnlyModel):
    """What a reviewer thought before the model view opened."""

    id = models.CharField(primary_key=True, max_length=40)
    case = models.ForeignKey(Case, models.PROTECT, related_name="impressions")
    reviewer = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    leaning = models.CharField(max_length=12, choices=Leaning.choices)
    confidence = models.CharField(max_length=8, choices=Confidence.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "reviewer"], name="one_impression_per_reviewer"
            )
        ]


class Disposition(AppendOnlyModel):
    """What a reviewer concluded, with reasons; `decision` is what took effect."""

    id = models.CharField(primary_key=True, max_length=40)
    case = models.ForeignKey(Case, models.PROTECT, related_name="dispositions")
    reviewer = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    answer = models.CharField(max_length=14, choices=Answer.choices)
    reasons = ArrayField(models.CharField(max_length=8))
    note = models.TextField(blank=True)
    changed_mind = models.TextField(blank=True)
    notice_tier = models.CharField(max_length=1)
    model_seen = models.BooleanField()
    decision = models.ForeignKey(
        "decisions.Decision", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()


class Opinion(AppendOnlyModel):
    """A second person's own answer, given before the first one's is shown."""

    id = models.CharField(primary_key=True, max_length=40)
    disposition = models.ForeignKey(
        Disposition, models.PROTECT, related_name="opinions"
    )
    approver = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    answer = models.CharField(max_length=14, choices=Answer.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["disposition", "approver"], name="one_opinion_per_approver"
            )
        ]


class Approval(AppendOnlyModel):
    """The second person's verdict on a proposal, after their own opinion."""

    id = models.CharField(primary_key=True, max_length=40)
    disposition = models.OneToOneField(
        Disposition, models.PROTECT, related_name="approval"
    )
    opinion = models.ForeignKey(Opinion, models.PROTECT, related_name="+")
    approver = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    note = models.TextField(blank=True)
    decision = models.ForeignKey(
        "decisions.Decision", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()


class Note(AppendOnlyModel):
    id = models.CharField(primary_key=True, max_length=40)
    case = models.ForeignKey(Case, models.PROTECT, related_name="notes")
    author = models.ForeignKey("access.User", models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()


class SanctionsHit(AppendOnlyModel):
    """A name of an account that is like an entry of a sanctions list.

    The name itself stays in the vault: here is what it was like, and how much.
    """

    id = models.CharField(primary_key=True, max_length=40)
    account = models.ForeignKey(
        "customers.Account", models.PROTECT, related_name="+", db_index=False
    )
    case = models.ForeignKey(Case, models.PROTECT, related_name="sanctions_hits")
    field = models.CharField(max_length=32)  # of the vault
    name_key = models.CharField(max_length=24)  # keyed hash of the name
    entry_id = models.CharField(max_length=40)
    score = models.FloatField()
    list_version = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "entry_id", "name_key"], name="one_hit_per_name"
            )
        ]


class ScreenedName(AppendOnlyModel):
    """A value of the vault that was compared with a version of the lists."""

    value = models.BigIntegerField()  # of customers.VaultValue, which may be erased
    list_version = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["value", "list_version"], name="screened_once_per_version"
            )
        ]
