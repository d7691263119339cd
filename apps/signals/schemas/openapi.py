"""What OpenAPI says about batches: made from the columns that check them."""

from collections.abc import Callable
from typing import Any, Final

from rest_framework import serializers

from apps.core.validation import EVENT_DATA, RAW_TABLES, RawColumn
from apps.signals.schemas.batches import ROWS_MAX


class ProblemSerializer(serializers.Serializer[Any]):
    """Why one row was refused; the value itself is never repeated."""

    code = serializers.CharField()
    pointer = serializers.CharField()
    detail = serializers.CharField()


class RejectedEventSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    event_id = serializers.CharField(allow_null=True)
    problem = ProblemSerializer()


class RejectedOutcomeSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    outcome_id = serializers.CharField(allow_null=True)
    problem = ProblemSerializer()


class EventBatchAnswerSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectedEventSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class OutcomeBatchAnswerSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectedOutcomeSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


_KINDS: Final[dict[str, Callable[[RawColumn], dict[str, Any]]]] = {
    "id": lambda _: {"type": "string", "pattern": "^[A-Za-z0-9_.:@-]{1,128}$"},
    "timestamp": lambda _: {"type": "string", "format": "date-time"},
    "int": lambda column: {
        "type": "integer",
        "minimum": column.low,
        "maximum": column.high,
    },
    "bool": lambda _: {"type": "boolean"},
    "enum": lambda column: {"type": "string", "enum": list(column.choices)},
    "uint32s": lambda _: {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
        "minItems": 16,
        "maxItems": 16,
    },
    "ips": lambda _: _texts(),
    "words": lambda _: _texts(),
    "counts": lambda _: {
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 0},
    },
    "hex": lambda column: {
        "type": "string",
        "pattern": f"^[0-9a-f]{{{column.low},{column.high}}}$",
    },
    "event_type": lambda _: {"type": "string", "enum": list(EVENT_DATA)},
    "event_data": lambda _: {"type": "object"},
    "object": lambda _: {"type": "object"},
}


def _texts() -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "maxItems": 32}


def row_schema(table: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the JSON schema of a row, made from the columns that check it."""
    properties = dict(more or {})
    for column in RAW_TABLES[table]:
        kind = _KINDS.get(column.kind, lambda _: {"type": "string"})(column)
        if not column.required:
            kind["type"] = [kind["type"], "null"]
            if "enum" in kind:
                kind["enum"] = [*kind["enum"], None]
        properties[column.name] = kind
    return {
        "type": "object",
        "properties": properties,
        "required": [column.name for column in RAW_TABLES[table] if column.required],
    }


def batch_schema(name: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a batch: an array of rows, or an object that holds it."""
    items: dict[str, Any] = rows[0] if len(rows) == 1 else {"anyOf": list(rows)}
    array = {"type": "array", "items": items, "maxItems": ROWS_MAX}
    return {
        "oneOf": [
            array,
            {"type": "object", "properties": {name: array}, "required": [name]},
        ]
    }


EVENT_BATCH: Final = batch_schema(
    "events",
    row_schema(
        "usage", {"type": {"type": ["string", "null"], "enum": ["usage", None]}}
    ),
    row_schema("usage_window", {"type": {"type": "string", "enum": ["usage.window"]}}),
    row_schema("events"),
)
OUTCOME_BATCH: Final = batch_schema("outcomes", row_schema("outcomes"))
PROVIDER_EVENT: Final = row_schema("provider")
