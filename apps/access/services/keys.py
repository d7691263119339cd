import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from apps.access.choices import Scope
from apps.access.errors import LiveKeysOnlyError
from apps.access.models import ServiceKey
from apps.access.selectors import service_key_content
from apps.audit.services import Actor, record
from apps.core.ids import new_id

_SHOWN = 12  # characters of a key by which people tell it apart


@transaction.atomic
def create_service_key(
    *,
    name: str,
    scopes: Sequence[str],
    at: datetime,
    actor: Actor,
    test: bool = False,
) -> tuple[ServiceKey, str]:
    """Make a key; return it with its secret, which is not kept anywhere.

    Raises LiveKeysOnlyError for a test key in production, ValueError for a scope that
    does not exist.
    """
    if test and settings.KYCRISK_ENV == "production":
        raise LiveKeysOnlyError("Test keys exist in demo and test settings only.")
    secret = f"rk_{'test' if test else 'live'}_{secrets.token_urlsafe(32)}"
    key = ServiceKey.objects.create(
        id=new_id("key", at),
        name=name,
        prefix=secret[:_SHOWN],
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=sorted({Scope(scope).value for scope in scopes}),
        test=test,
        created_at=at,
        created_by=actor.id,
    )
    _record("access.service_key.created", key, actor, at)
    return key, secret


@transaction.atomic
def revoke_service_key(*, key: ServiceKey, at: datetime, actor: Actor) -> ServiceKey:
    """End a key; web processes notice within 5 s. Revoking twice changes nothing."""
    key = ServiceKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = at
        key.row_version += 1
        key.save(update_fields=["revoked_at", "row_version"])
        _record("access.service_key.revoked", key, actor, at)
    return key


def _record(kind: str, key: ServiceKey, actor: Actor, at: datetime) -> None:
    record(
        kind=kind,
        object_type="service_key",
        object_id=key.id,
        version=key.row_version,
        content=service_key_content(key),
        actor=actor,
        at=at,
    )
