"""Bodies of batches: three shapes, one list of rows; hostile ones are named."""

import json

import pytest
from rest_framework.exceptions import UnsupportedMediaType

from apps.core.errors import DomainError
from apps.core.validation import RAW_TABLES
from apps.signals.schemas import ROWS_MAX, batch_answer, decode_batch, row_schema

ROWS = [{"event_id": "a"}, {"event_id": "b"}]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps(ROWS), "application/json"),
        (json.dumps({"events": ROWS}), "application/json; charset=UTF-8"),
        ("\n".join(map(json.dumps, ROWS)), "application/x-ndjson"),
        ("\r\n\n".join(map(json.dumps, ROWS)), "application/ndjson"),
    ],
)
def test_every_shape_gives_the_same_rows(body, kind):
    rows, report = decode_batch(body.encode(), kind, name="events")
    assert rows == list(enumerate(ROWS))
    assert report.rejected == []


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"", "not_json", 400),
        (b"\xff", "not_utf8", 400),
        (b"\xef\xbb\xbf[]", "bom_not_allowed", 400),
        (b"[" * 100_000, "too_deep", 400),
        (b"[NaN]", "not_json_number", 400),
        (b"[1e999]", "number_out_of_range", 422),
        (b'["\\u0000"]', "nul_not_allowed", 422),
        (b'[{"a":1,"a":1}]', "duplicate_key", 400),
        (b"7", "validation_failed", 422),
        (b'{"rows": []}', "validation_failed", 422),
        (b"[" + b"1," * ROWS_MAX + b"1]", "too_many_rows", 413),
    ],
)
def test_a_hostile_document_is_refused_with_a_name(body, code, status):
    with pytest.raises(DomainError) as caught:
        decode_batch(body, "application/json", name="events")
    assert (caught.value.code, caught.value.status) == (code, status)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/json; charset=utf-16", "multipart/form-data"],
)
def test_other_media_types_are_refused(kind):
    with pytest.raises(UnsupportedMediaType):
        decode_batch(b"[]", kind, name="events")


def test_of_ndjson_every_good_line_counts():
    body = b'{"event_id": "a"}\nNaN\n{"event_id": "\xff"}\n{"event_id": "d"}'
    rows, report = decode_batch(body, "application/x-ndjson", name="events")
    assert [index for index, _ in rows] == [0, 3]
    answer = batch_answer(report, id_name="event_id")
    assert [one["problem"]["code"] for one in answer["rejected"]] == [
        "not_json_number",
        "not_utf8",
    ]


def test_the_schema_of_a_row_names_every_column():
    for table, columns in RAW_TABLES.items():
        schema = row_schema(table)
        assert list(schema["properties"]) == [column.name for column in columns]
        assert schema["required"] == [c.name for c in columns if c.required]
