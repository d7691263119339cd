"""What every console page shows around its content."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the environment's name (None in production) and the user's role."""
    user = getattr(request, "user", None)
    return {
        "environment": None
        if settings.KYCRISK_ENV == "production"
        else settings.KYCRISK_ENV,
        "role": getattr(user, "role", None),
        "request_id": getattr(request, "request_id", ""),
    }
