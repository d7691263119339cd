"""Read-only windows on the schema `audit`; its migration owns the tables."""

from django.db import models


class Entry(models.Model):
    """What happened to one version of one object, and who did it.

    The columns repeat `body`, the canonical JSON whose hash is the leaf of the tree.
    """

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    kind = models.TextField()
    object_type = models.TextField()
    object_id = models.TextField()
    object_version = models.IntegerField()
    actor_type = models.TextField()
    actor_id = models.TextField()
    request_id = models.TextField(null=True)
    job_id = models.TextField(null=True)
    body = models.BinaryField()
    leaf = models.BinaryField()
    mac = models.BinaryField()

    class Meta:
        managed = False
        db_table = '"audit"."entry"'

    def __str__(self) -> str:
        return f"{self.kind} {self.object_type} {self.object_id}"


class Pending(models.Model):
    """An entry that waits for its place in the tree."""

    pid = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField()
    leaf = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = '"audit"."pending"'

    def __str__(self) -> str:
        return str(self.entry_id)


class Leaf(models.Model):
    """The place of an entry in the tree."""

    idx = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True)
    leaf = models.BinaryField()

    class Meta:
        managed = False
        db_table = '"audit"."leaf"'

    def __str__(self) -> str:
        return f"{self.idx} {self.entry_id}"


class Checkpoint(models.Model):
    """Size and root of the log at one moment; `note` is its signed form."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    at = models.DateTimeField()
    note = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = '"audit"."checkpoint"'

    def __str__(self) -> str:
        return str(self.size)
