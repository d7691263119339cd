"""What every page of the console has in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from apps.access.models import User
from apps.access.permissions import role_required
from apps.core.errors import DomainError

View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request of a signed-in person; `page` lets no other through."""

    user: User


def page(*roles: str) -> Callable[[View], View]:
    """Open a view to these roles, keep it out of caches, and explain refusals."""

    def decorate(view: View) -> View:
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
