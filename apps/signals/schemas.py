"""Bodies of the batch endpoints: decoding them, and describing them in OpenAPI."""

from collections.abc import Callable
from typing import Any, Final

from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType

from apps.core import strict_json
from apps.core.errors import DomainError, InvalidError
from apps.core.validation import EVENT_DATA, RAW_TABLES, RawColumn
from apps.signals.services.reports import BatchReport

ROWS_MAX: Final = 10_000
_KEYS_MAX: Final = ROWS_MAX * 120
_LINES: Final = {"application/x-ndjson", "application/ndjson", "application/jsonl"}
MEDIA_TYPES: Final = {"application/json", *_LINES}


class TooManyRowsError(DomainError):
    code = "too_many_rows"
    status = 413

    def __init__(self) -> None:
        super().__init__(f"A batch holds at most {ROWS_MAX:,} rows.")


def decode_batch(
    raw: bytes, content_type: str, *, name: str
) -> tuple[list[tuple[int, object]], BatchReport]:
    """Return rows with their places, and a report of lines that are no JSON.

    `name` is the member that may hold the array. A JSON document is taken whole or not
    at all; of NDJSON every good line counts. Raises a DomainError or
    UnsupportedMediaType.
    """
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip().lower()
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if media_type not in MEDIA_TYPES or charset not in {"", "charset=utf-8"}:
        raise UnsupportedMediaType(media_type)
    report = BatchReport()
    if media_type in _LINES:
        return _lines(raw, report), report
    body = strict_json.loads(raw, max_keys=_KEYS_MAX)
    if isinstance(body, dict):
        body = body.get(name)
    if not isinstance(body, list):
        raise InvalidError(f"Send an array, or an object with the array `{name}`.")
    if len(body) > ROWS_MAX:
        raise TooManyRowsError
    return list(enumerate(body)), report


def _lines(raw: bytes, report: BatchReport) -> list[tuple[int, object]]:
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if len(lines) > ROWS_MAX:
        raise TooManyRowsError
    rows = []
    for index, line in enumerate(lines):
        try:
            rows.append((index, strict_json.loads(line)))
        except DomainError as error:
            pointer = error.problems[0].pointer.strip("/") if error.problems else ""
            report.refuse(index, None, error.code, pointer or "row")
    return rows


def batch_answer(report: BatchReport, *, id_name: str) -> dict[str, Any]:
    """Return the answer of a batch: counts, and one problem a refused row."""
    return {
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "rejected": [
            {
                "index": one.index,
                id_name: one.id,
                "problem": {
                    "code": one.code,
                    "pointer": f"/{one.field}",
                    "detail": one.detail,
                },
            }
            for one in report.rejected
        ],
        "warnings": [
            f"unknown field {field}"
            for field in sorted(report.unknown_fields)
            if len(field) <= _SHOWN_FIELD
        ],
    }


_SHOWN_FIELD: Final = 64

# --- what OpenAPI says about them -------------------------------------------------


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
