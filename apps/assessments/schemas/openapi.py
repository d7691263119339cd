"""What /v1/openapi.json says of the operations here; request.py reads requests."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers as s

from apps.assessments.choices import Event
from apps.assessments.schemas.request import PARTS
from apps.core.validation import RAW_TABLES, RawColumn
from apps.decisions.choices import BANDS, Action

ASKED_EVENTS = [name for name in Event.values if name != Event.SCHEDULED]


def _field(column: RawColumn, *, required: bool) -> s.Field[Any, Any, Any, Any]:
    options: dict[str, Any] = {"required": required, "allow_null": not required}
    if column.choices:
        return s.ChoiceField(choices=list(column.choices), **options)
    if column.kind == "bool":
        return s.BooleanField(**options)
    if column.kind == "int":
        return s.IntegerField(min_value=column.low, max_value=column.high, **options)
    if column.kind == "timestamp":
        return s.DateTimeField(**options)
    if column.kind == "id":
        return s.RegexField(r"^[A-Za-z0-9_.:@-]{1,128}$", **options)
    return s.CharField(**options)


def _part(name: str) -> s.Serializer[Any]:
    """Describe one object of the request from the columns of `accounts`."""
    columns = {column.name: column for column in RAW_TABLES["accounts"]}
    fields = {
        field: _field(columns[column], required=column == "account_id")
        for field, column in PARTS[name].items()
    }
    made: s.Serializer[Any] = inline_serializer(
        f"Assessment{name.title()}", fields, required=name == "account"
    )
    return made


_Options = inline_serializer(
    "AssessmentOptions",
    {
        "dry_run": s.BooleanField(required=False, help_text="store nothing"),
        "explain": s.BooleanField(required=False, help_text="reasons, by default"),
    },
    required=False,
)
_Request = inline_serializer(
    "AssessmentRequest",
    {
        "event": s.ChoiceField(choices=ASKED_EVENTS),
        "occurred_at": s.DateTimeField(help_text="at most 7 days ago"),
        **{name: _part(name) for name in PARTS},
        "options": _Options,
    },
)
_Reason = inline_serializer(
    "AssessmentReason",
    {
        "code": s.CharField(help_text="FAM-NN; see the list of reason codes"),
        "direction": s.ChoiceField(choices=["raises", "lowers"]),
        "points": s.FloatField(help_text="10 * log10 of the odds ratio"),
        "text": s.CharField(help_text="for staff, never for the customer"),
        "customer_safe_key": s.CharField(allow_null=True),
    },
    many=True,
)
_Answer = inline_serializer(
    "Assessment",
    {
        "id": s.CharField(allow_null=True),
        "account_id": s.CharField(),
        "created_at": s.DateTimeField(),
        "event": s.ChoiceField(choices=Event.values),
        "action": s.ChoiceField(choices=Action.values),
        "probability": s.FloatField(min_value=0, max_value=1),
        "interval": inline_serializer(
            "Interval",
            {"low": s.FloatField(), "high": s.FloatField(), "level": s.FloatField()},
        ),
        "band": s.ChoiceField(choices=list(BANDS)),
        "reasons": _Reason,
        "customer_message": inline_serializer(
            "CustomerMessage",
            {"key": s.CharField(), "locale": s.CharField(), "text": s.CharField()},
            allow_null=True,
            help_text="the only text that is meant for the customer",
        ),
        "matched_rules": s.ListField(child=s.CharField()),
        "ring_id": s.CharField(allow_null=True),
        "case_id": s.CharField(allow_null=True),
        "degraded": s.BooleanField(),
        "missing": s.ListField(child=s.CharField()),
        "warnings": s.ListField(child=s.CharField(), required=False),
        "model": inline_serializer(
            "AssessmentModel",
            {
                "id": s.CharField(),
                "version": s.IntegerField(),
                "sha256": s.CharField(),
                "adaptation": s.ChoiceField(["starter", "calibrated", "trained"]),
            },
        ),
        "policy_version": s.IntegerField(),
        "explanation_url": s.CharField(allow_null=True),
    },
)
_Key = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="16-128 of A-Z a-z 0-9 _ -; needed unless options.dry_run is true",
)

CREATE: dict[str, Any] = {
    "operation_id": "assessments_create",
    "request": _Request,
    "responses": {201: _Answer, 200: _Answer},
    "parameters": [_Key],
    "description": "Assess an account now, with what you say of it. Everything that led"
    " to the answer is stored before it leaves.",
}
READ: dict[str, Any] = {
    "operation_id": "assessments_read",
    "responses": {200: _Answer},
    "description": "Return a stored assessment.",
}
LIST: dict[str, Any] = {
    "operation_id": "assessments_of_account",
    "responses": {
        200: inline_serializer(
            "AssessmentList", {"data": s.ListField(child=s.DictField())}
        )
    },
    "description": "Return the newest 50 assessments of an account, newest first.",
}
