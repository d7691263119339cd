"""Who may: scopes of service keys in the API, roles of staff in the console."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.access.models import ServiceKey
from apps.audit.services import Actor

View = Callable[..., HttpResponse]


class HasScope(BasePermission):
    """The key has `view.scope`: one scope, or a mapping from HTTP method to scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = view.scope
        if isinstance(scope, Mapping):
            scope = scope.get(request.method)
        key = request.auth
        return isinstance(key, ServiceKey) and scope in key.scopes


def role_required(*roles: str) -> Callable[[View], View]:
    """Let only signed-in people of these roles (of any role when none is given) in."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if roles and request.user.role not in roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def key_of(request: Request) -> ServiceKey:
    """Return the key of an authenticated API request."""
    key = request.auth
    if not isinstance(key, ServiceKey):
        raise PermissionDenied
    return key


def actor_of(request: HttpRequest | Request) -> Actor:
    """Return who acts, for the audit log: a key or a signed-in person."""
    auth = getattr(request, "auth", None)
    if isinstance(auth, ServiceKey):
        return Actor("key", auth.id)
    return Actor("user", str(request.user.pk))
