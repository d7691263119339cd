"""POST /v1/assessments and what was stored; thin shells that read the clock."""

from datetime import UTC, datetime

import msgspec
from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import actor_of, key_of
from apps.access.services import idempotency
from apps.assessments import services
from apps.assessments.presenters import answer, stored_answer
from apps.assessments.schemas import AssessmentRequest, openapi, read_request
from apps.assessments.selectors import assessment_of, newest_assessments
from apps.core.middleware import request_id_of
from apps.core.sql import pipelined
from apps.customers import services as customers
from apps.scoring import services as scoring

ENDPOINT = "assessments"


class Assessments(APIView):
    """Assess an account now, with what the caller says of it."""

    scope = "assess"

    @extend_schema(**openapi.CREATE)
    def post(self, request: Request) -> HttpResponse:
        at = datetime.now(UTC)
        asked = read_request(request.data, at=at)
        # Here, because its first use counts rows, which piped statements cannot.
        scoring.ensure_starter(at=at)
        occasion = services.Occasion(
            event=asked.event,
            as_of=at,
            at=at,
            actor=actor_of(request),
            request_id=request_id_of(request),
        )
        if asked.dry_run:
            return _reply(200, _without_trace(asked, occasion))
        reply = idempotency.once(
            service_key=key_of(request),
            endpoint=ENDPOINT,
            key=request.headers.get("Idempotency-Key"),
            request_body=request.data,
            at=at,
            effect=lambda: (201, _assess(asked, occasion)),
            small=True,
        )
        return _reply(reply.status, reply.body, replayed=reply.replayed)


class OneAssessment(APIView):
    scope = "read"

    @extend_schema(**openapi.READ)
    def get(self, _: Request, assessment_id: str) -> Response:
        return Response(stored_answer(assessment_of(assessment_id)))


class AssessmentsOfAccount(APIView):
    scope = "read"

    @extend_schema(**openapi.LIST)
    def get(self, _: Request, account_id: str) -> Response:
        rows = newest_assessments(account_id=account_id)
        return Response({"data": [stored_answer(row) for row in rows]})


def _assess(asked: AssessmentRequest, occasion: services.Occasion) -> str:
    """Store the account's version, assess it, and return the answer as JSON."""
    account = customers.put_account(row=asked.row, at=occasion.at, actor=occasion.actor)
    stored = services.assess_account(account=account, occasion=occasion)
    return msgspec.json.encode(answer(stored, asked)).decode()


def _without_trace(asked: AssessmentRequest, occasion: services.Occasion) -> str:
    """Return what the answer would be, and leave nothing behind."""
    with transaction.atomic(), pipelined():
        body = _assess(asked, occasion)
        transaction.set_rollback(True)
    return body


def _reply(status: int, body: str, *, replayed: bool = False) -> HttpResponse:
    reply = HttpResponse(body, status=status, content_type="application/json")
    if replayed:
        reply["Idempotency-Replayed"] = "true"
    return reply
