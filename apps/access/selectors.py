"""What the audit log holds of staff and keys; also read again by verify_audit."""

import hashlib
import time
from collections.abc import Iterator

from apps.access.models import ServiceKey, User

_CACHED_SECONDS = 5.0
_CACHED_KEYS = 1000
_cache: dict[str, tuple[float, ServiceKey | None]] = {}


def service_key(secret: str) -> ServiceKey | None:
    """Return the unrevoked key of that secret: one indexed read, kept for 5 s."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    now = time.monotonic()
    found = _cache.get(digest)
    if found is None or found[0] < now:
        if len(_cache) >= _CACHED_KEYS:
            _cache.clear()
        known = ServiceKey.objects.filter(sha256=digest, revoked_at=None).first()
        found = _cache[digest] = (now + _CACHED_SECONDS, known)
    return found[1]


def user_content(user: User) -> dict[str, object]:
    """Return what an entry says of a person: no name, no address."""
    return {"id": user.pk, "role": user.role, "is_active": user.is_active}


def service_key_content(key: ServiceKey) -> dict[str, object]:
    """Return what an entry says of a key; its hash proves which secret it was."""
    return {
        "id": key.id,
        "name": key.name,
        "sha256": key.sha256,
        "scopes": sorted(key.scopes),
        "test": key.test,
        "revoked": key.revoked_at is not None,
    }


def audited_users() -> Iterator[tuple[str, int, dict[str, object]]]:
    for user in User.objects.order_by("pk").iterator():
        yield str(user.pk), user.row_version, user_content(user)


def audited_service_keys() -> Iterator[tuple[str, int, dict[str, object]]]:
    for key in ServiceKey.objects.order_by("pk").iterator():
        yield key.id, key.row_version, service_key_content(key)
