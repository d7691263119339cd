from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.access.choices import Role, Scope


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, email: str, password: str | None = None, **extra: Any
    ) -> "User":
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff; the role decides what the console lets them do."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.ANALYST)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    row_version = models.IntegerField(default=1)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class ServiceKey(models.Model):
    """A key with which a provider's service calls the API; only its hash is kept."""

    id = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    test = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64, blank=True)
    revoked_at = models.DateTimeField(null=True)
    row_version = models.IntegerField(default=1)

    is_authenticated = True

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class IdempotentReply(models.Model):
    """The stored answer to one Idempotency-Key of one service key and endpoint."""

    service_key = models.ForeignKey(ServiceKey, models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=80)
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField(null=True)  # null while running
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service_key", "endpoint", "key"], name="one_reply_per_key"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="reply_created")]
