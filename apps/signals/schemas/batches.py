"""Bodies of the batch endpoints as rows, and what the endpoints answer."""

from typing import Any, Final

from rest_framework.exceptions import UnsupportedMediaType

from apps.core import strict_json
from apps.core.errors import DomainError, InvalidError
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
    report = BatchReport()
    if is_lines(content_type):
        return _lines(raw, report), report
    body = strict_json.loads(raw, max_keys=_KEYS_MAX)
    if isinstance(body, dict):
        body = body.get(name)
    if not isinstance(body, list):
        raise InvalidError(f"Send an array, or an object with the array `{name}`.")
    if len(body) > ROWS_MAX:
        raise TooManyRowsError
    return list(enumerate(body)), report


def is_lines(content_type: str) -> bool:
    """Return whether a body is NDJSON, not one document; raise for anything else."""
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip().lower()
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if media_type not in MEDIA_TYPES or charset not in {"", "charset=utf-8"}:
        raise UnsupportedMediaType(media_type)
    return media_type in _LINES


def refuse_line(report: BatchReport, index: int, error: DomainError) -> None:
    """Note a line that cannot be read."""
    pointer = error.problems[0].pointer.strip("/") if error.problems else ""
    report.refuse(index, None, error.code, pointer or "row")


def _lines(raw: bytes, report: BatchReport) -> list[tuple[int, object]]:
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if len(lines) > ROWS_MAX:
        raise TooManyRowsError
    rows = []
    for index, line in enumerate(lines):
        try:
            rows.append((index, strict_json.loads(line)))
        except DomainError as error:
            refuse_line(report, index, error)
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
