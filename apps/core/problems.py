"""Errors of the API: RFC 9457 documents with a stable code, never with a value."""

import http
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import transaction
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from apps.core.errors import DomainError, FieldProblem

CONTENT_TYPE = "application/problem+json"
_MAX_ERRORS = 20
_RETRYABLE = {408, 425, 429, 500, 502, 503, 504}
_RETRYABLE_CODES = {"in_progress"}
_SENTENCES = {
    "required": "This field is required.",
    "null": "This field may not be null.",
    "blank": "This field may not be empty.",
    "invalid_choice": "This is not one of the allowed values.",
    "max_length": "This text is too long.",
    "min_length": "This text is too short.",
    "max_value": "This number is too large.",
    "min_value": "This number is too small.",
    "unknown_field": "This field is unknown.",
}
log = logging.getLogger(__name__)


def document(
    request: Any,
    *,
    status: int,
    code: str,
    detail: str,
    problems: Sequence[FieldProblem] = (),
) -> dict[str, Any]:
    """Return the problem document; at most 20 field problems."""
    return {
        "type": f"/docs#problem-{code}",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [
            {"pointer": one.pointer, "code": one.code, "detail": one.detail}
            for one in problems[:_MAX_ERRORS]
        ],
        "request_id": getattr(request, "request_id", ""),
        "retryable": status in _RETRYABLE or code in _RETRYABLE_CODES,
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Turn whatever a view raised into a problem; used by the REST framework."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
    status, code, detail, problems = _described(error)
    headers = _headers(error, status)
    body = document(
        context["request"]._request,
        status=status,
        code=code,
        detail=detail,
        problems=problems,
    )
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def plain(request: HttpRequest, *, status: int, code: str, detail: str) -> HttpResponse:
    """Answer with a problem outside the REST framework."""
    body = document(request, status=status, code=code, detail=detail)
    return HttpResponse(
        msgspec.json.encode(body), status=status, content_type=CONTENT_TYPE
    )


_AWAY = "The service is not available; try again."
_KNOWN: tuple[tuple[tuple[type[Exception], ...], tuple[int, str, str]], ...] = (
    ((Http404,), (404, "not_found", "There is no such thing here.")),
    ((PermissionDenied,), (403, "permission", "This is not allowed.")),
    ((RequestDataTooBig,), (413, "body_too_large", "The body is too large.")),
    ((OperationalError, InterfaceError), (503, "unavailable", _AWAY)),
)


def _described(error: Exception) -> tuple[int, str, str, tuple[FieldProblem, ...]]:
    """Return (status, code, detail, field problems)."""
    if isinstance(error, DomainError):
        return error.status, error.code, error.detail, error.problems
    if isinstance(error, exceptions.ValidationError):
        found = tuple(_field_problems(as_serializer_error(error), ""))
        return 422, "validation_failed", "Some fields are not valid.", found
    if isinstance(error, exceptions.APIException):
        return _framework_error(error)
    for kinds, described in _KNOWN:
        if isinstance(error, kinds):
            return *described, ()
    log.error("request failed", exc_info=error)
    return 500, "internal", "This is our fault; the request id helps us find it.", ()


_FRAMEWORK_CODES = {
    400: ("bad_request", "The request cannot be read."),
    401: ("not_authenticated", "Send a valid key as `Authorization: Bearer <key>`."),
    403: ("permission", "This key does not have the scope for this."),
    404: ("not_found", "There is no such thing here."),
    405: ("method_not_allowed", "This method is not allowed here."),
    406: ("not_acceptable", "Answers are application/json only."),
    415: ("unsupported_media_type", "Send application/json."),
    429: ("throttled", "Too many requests; wait."),
}


def _framework_error(
    error: exceptions.APIException,
) -> tuple[int, str, str, tuple[FieldProblem, ...]]:
    """Use our own sentences: those of the framework may quote input."""
    fallback = ("error", "The request failed.")
    code, detail = _FRAMEWORK_CODES.get(error.status_code, fallback)
    return error.status_code, code, detail, ()


def _headers(error: Exception, status: int) -> dict[str, str]:
    headers = dict(getattr(error, "headers", {}))
    if status == http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    wait = getattr(error, "wait", None)
    if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        wait = wait or 2
    if wait is not None or getattr(error, "code", "") in _RETRYABLE_CODES:
        headers["Retry-After"] = str(int(wait or 1))
    return headers


def _field_problems(detail: Any, pointer: str) -> Iterator[FieldProblem]:
    """Flatten the framework's nested messages into pointers and codes."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            own = pointer if key == "non_field_errors" else f"{pointer}/{key}"
            yield from _field_problems(inner, own)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (dict, list))
            yield from _field_problems(
                inner, f"{pointer}/{index}" if nested else pointer
            )
    else:
        code = getattr(detail, "code", "invalid")
        yield FieldProblem(pointer, code, _SENTENCES.get(code, "This is not valid."))
