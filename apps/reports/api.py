from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.reports.presenters import explanation_document


class ExplanationView(APIView):
    """Every part of one assessment's sum, with raw values and the sum check."""

    scope: ClassVar[str] = "read"

    @extend_schema(
        operation_id="assessment_explanation",
        parameters=[
            OpenApiParameter("assessment_id", str, OpenApiParameter.PATH),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, _: Request, assessment_id: str) -> Response:
        return Response(explanation_document(assessment_id))
