from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import CharField, IntegerField, ListField
from rest_framework.views import APIView

from apps.audit import presenters, selectors
from apps.core.errors import FieldProblem, InvalidError

CheckpointAnswer = inline_serializer(
    "AuditCheckpoint",
    {
        "origin": CharField(),
        "size": IntegerField(),
        "root": CharField(help_text="hex"),
        "at": CharField(),
        "note": CharField(help_text="C2SP signed note, Ed25519"),
    },
)
ProofAnswer = inline_serializer(
    "AuditProof",
    {
        "entry_id": CharField(),
        "body": CharField(help_text="base64; leaf = sha256(0x00 || body)"),
        "leaf": CharField(help_text="hex"),
        "index": IntegerField(),
        "size": IntegerField(),
        "root": CharField(help_text="hex"),
        "path": ListField(child=CharField(help_text="hex, from the leaf upwards")),
        "checkpoint": CharField(help_text="C2SP signed note over size and root"),
    },
)


class CheckpointView(APIView):
    """The newest signed state of the audit log."""

    scope: ClassVar[str] = "read"

    @extend_schema(operation_id="audit_checkpoint", responses=CheckpointAnswer)
    def get(self, _request: Request) -> Response:
        newest = selectors.newest_checkpoint()
        return Response(presenters.checkpoint_json(newest))


class ProofView(APIView):
    """Proof that an entry is part of the audit log (RFC 9162)."""

    scope: ClassVar[str] = "read"

    @extend_schema(
        operation_id="audit_proof",
        parameters=[OpenApiParameter("entry", str, required=True)],
        responses=ProofAnswer,
    )
    def get(self, request: Request) -> Response:
        entry_id = _entry_id(request.query_params.get("entry", ""))
        return Response(presenters.proof_json(selectors.proof_of(entry_id)))


def _entry_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        problem = FieldProblem("/entry", "not_a_uuid", "Give the id of an entry.")
        raise InvalidError("entry is not a UUID.", problems=(problem,)) from error
