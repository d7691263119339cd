"""Who may: scopes of service keys in the API, roles of staff in the console."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.access.models import ServiceKey, User
from apps.audit.services import Actor
from apps.core.errors import DomainError

View = Callable[..., HttpResponse]
AnyView = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request of a signed-in person; `page` lets no other through."""

    user: User


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


def page(*roles: str) -> Callable[[AnyView], AnyView]:
    """Open a view to these roles, keep it out of caches, and explain refusals."""

    def decorate(view: AnyView) -> AnyView:
        @never_cache
        @role_required(*roles)  # type: ignore[arg-type]  # streams are replies too
        @wraps(view)
        def shown(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **named)
            except DomainError as error:
                return _explained(request, error)

        return shown

    return decorate


def _explained(request: HttpRequest, error: DomainError) -> HttpResponseBase:
    if error.status == 404:  # noqa: PLR2004 - not found
        raise Http404(error.detail) from error
    if error.status == 403:  # noqa: PLR2004 - not allowed
        raise PermissionDenied(error.detail) from error
    context = {"error": error}
    return render(request, "review/refused.html", context, status=error.status)
