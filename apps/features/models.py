from django.db import models


class SignalSnapshot(models.Model):
    """The newest feature values of one account for one group of features.

    A cache for the hot path: computed by the three signal jobs, replaced by the next
    run. An assessment copies what it used, so replacing loses nothing.
    """

    account = models.ForeignKey("customers.Account", models.CASCADE, related_name="+")
    group = models.CharField(max_length=12)  # payment | network | usage
    as_of = models.DateTimeField()
    catalogue = models.CharField(max_length=16)
    values = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "group"], name="one_snapshot_per_group"
            )
        ]
