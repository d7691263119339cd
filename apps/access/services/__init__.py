"""Staff and service keys: every change is audited in its own transaction."""

from apps.access.services import idempotency
from apps.access.services.keys import create_service_key, revoke_service_key
from apps.access.services.people import create_user, deactivate_user, set_role

__all__ = [
    "create_service_key",
    "create_user",
    "deactivate_user",
    "idempotency",
    "revoke_service_key",
    "set_role",
]
