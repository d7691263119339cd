"""Replies as HTTP."""

from django.http import HttpResponse

from apps.access.services.idempotency import Reply


def response(reply: Reply) -> HttpResponse:
    """Return the stored bytes; a replay says so in a header."""
    answer = HttpResponse(
        reply.body, status=reply.status, content_type="application/json"
    )
    if reply.replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer
