import secrets
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse


def request_id_of(request: Any) -> str:
    """Return the id of a request, Django's or the REST framework's."""
    return str(request.request_id)


class RequestIdMiddleware:
    """Give each request an id; it is in the reply, in errors and in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Always ours: an id from outside could carry anything into the log.
        request_id = f"req_{secrets.token_hex(12)}"
        request.request_id = request_id  # type: ignore[attr-defined]  # our own attribute
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response.headers["Request-Id"] = request_id
        return response
