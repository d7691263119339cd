from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit.services import Actor
from apps.core import bodies
from apps.signals import schemas
from apps.signals.choices import Verdict
from apps.signals.errors import ProviderConflictError
from apps.signals.services import record_batch, record_outcomes, record_provider_event
from apps.signals.services.gate import GATE
from apps.signals.services.reports import BatchReport


def _body(request: Request) -> bytes:
    """Return the raw body: the framework's parser is for single documents."""
    return bodies.read_body(
        request._request,
        bodies.BATCH,
        bodies.BATCH_UNPACKED,
    )


def _caller(request: Request) -> dict[str, Any]:
    return {
        "actor": Actor("key", str(request.auth.pk)),
        "request_id": getattr(request._request, "request_id", None),
    }


class EventBatchView(APIView):
    scope = "events"

    @extend_schema(
        operation_id="record_events",
        request={
            "application/json": schemas.EVENT_BATCH,
            "application/x-ndjson": {"type": "string"},
        },
        responses={200: schemas.EventBatchAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Record exchanges, usage windows and events: up to 10,000 rows or 8 MiB.

        Each row is stored exactly once by account and event id; what is counted as
        accepted or duplicate is committed. A row is an exchange when `type` is absent
        or `usage`, a window when it is `usage.window`, else an event of that type.
        Plain or gzip; one JSON document, or NDJSON, of which every good line counts.
        When too many batches come at once, 429 says when to send this one again.
        """
        # Read before a seat is asked for: many clients hear no answer while they send.
        body, form, caller = _body(request), request.content_type, _caller(request)

        def record() -> BatchReport:
            exchanges, rows, report = schemas.decode_events(body, form)
            return record_batch(
                rows=rows,
                exchanges=exchanges,
                report=report,
                at=datetime.now(UTC),
                **caller,
            )

        with GATE.seat():
            answer = schemas.batch_answer(GATE.alone(record), id_name="event_id")
            return Response(answer, headers=GATE.headers)


class OutcomeBatchView(APIView):
    scope = "outcomes"

    @extend_schema(
        operation_id="record_outcomes",
        request={
            "application/json": schemas.OUTCOME_BATCH,
            "application/x-ndjson": {"type": "string"},
        },
        responses={200: schemas.OutcomeBatchAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Record what was later learned about accounts; each `outcome_id` once."""
        rows, report = schemas.decode_batch(
            _body(request), request.content_type, name="outcomes"
        )
        record_outcomes(
            rows=rows, report=report, at=datetime.now(UTC), **_caller(request)
        )
        return Response(schemas.batch_answer(report, id_name="outcome_id"))


class ProviderView(APIView):
    scope = "events"

    @extend_schema(
        operation_id="record_provider_event",
        request={"application/json": schemas.PROVIDER_EVENT},
        responses={200: schemas.PROVIDER_EVENT, 201: schemas.PROVIDER_EVENT},
    )
    def post(self, request: Request) -> Response:
        """Record a release, an incident or a change of protection of the provider."""
        verdict, row = record_provider_event(
            row=request.data, at=datetime.now(UTC), **_caller(request)
        )
        if verdict is Verdict.CONFLICT:
            raise ProviderConflictError
        return Response(row, status=201 if verdict is Verdict.ACCEPTED else 200)
