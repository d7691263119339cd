from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.access.choices import Role
from apps.access.errors import EmailTakenError, WeakPasswordError
from apps.access.models import User
from apps.access.selectors import user_content
from apps.audit.services import Actor, record


@transaction.atomic
def create_user(
    *,
    email: str,
    password: str,
    role: str,
    at: datetime,
    actor: Actor,
    name: str = "",
) -> User:
    """Make a member of staff who may sign in.

    Raises EmailTakenError, and WeakPasswordError for a password that the settings'
    validators refuse.
    """
    user = User(
        email=User.objects.normalize_email(email),
        name=name,
        role=Role(role),
        created_at=at,
    )
    _check_password(password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise EmailTakenError("A person with this address exists.") from error
    # Known to be theirs, since an administrator gave it.
    EmailAddress.objects.create(
        user=user, email=user.email, verified=True, primary=True
    )
    _record("access.user.created", user, actor, at)
    return user


@transaction.atomic
def set_role(*, user: User, role: str, at: datetime, actor: Actor) -> User:
    """Change what a person may do."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.role = Role(role)
    _save(user, "role")
    _record("access.user.role_changed", user, actor, at)
    return user


@transaction.atomic
def deactivate_user(*, user: User, at: datetime, actor: Actor) -> User:
    """End a person's access; their past stays."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.is_active = False
    _save(user, "is_active")
    _record("access.user.deactivated", user, actor, at)
    return user


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPasswordError(" ".join(error.messages)) from error


def _save(user: User, field: str) -> None:
    user.row_version += 1
    user.save(update_fields=[field, "row_version"])


def _record(kind: str, user: User, actor: Actor, at: datetime) -> None:
    record(
        kind=kind,
        object_type="user",
        object_id=str(user.pk),
        version=user.row_version,
        content=user_content(user),
        actor=actor,
        at=at,
    )
