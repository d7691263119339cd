"""Operations, documentation and the answers to what no view took."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.http import require_safe

from apps.core import apidocs, problems


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer as long as this process can answer at all."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database does and has tables, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM django_migrations)")
            ready = bool(cursor.fetchone()[0])
    except DatabaseError:
        ready = False
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "environment": _environment()},
        status=200 if ready else 503,
    )


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the OpenAPI document for people, without a script."""
    return render(request, "core/docs.html", {"groups": apidocs.groups()})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        detail = "The request cannot be read."
        return problems.plain(request, status=400, code="bad_request", detail=detail)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        detail = "This is not allowed."
        return problems.plain(request, status=403, code="permission", detail=detail)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        detail = "There is no such thing here."
        return problems.plain(request, status=404, code="not_found", detail=detail)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        detail = "This is our fault; the request id helps us find it."
        return problems.plain(request, status=500, code="internal", detail=detail)
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/v1/")


def _environment() -> Any:
    return settings.KYCRISK_ENV
