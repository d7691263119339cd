"""Between HTTP and the domain: one record, checked, and what the document says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rest_framework import serializers

from apps.core.errors import FieldProblem, InvalidError
from apps.core.validation import RAW_TABLES, RawColumn, validate_rows

ID_FIELDS: Final = {
    "accounts": "account_id",
    "customers": "customer_id",
    "api_keys": "key_id",
}
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "timestamp": {"type": "string", "format": "date-time"},
    "int": {"type": "integer"},
    "owners": {"type": "integer"},
    "bool": {"type": "boolean"},
    "email": {"type": "string", "format": "email"},
    "ip": {"type": "string", "description": "An IPv4 or IPv6 address."},
    "country": {"type": "string", "description": "ISO 3166-1 alpha-2."},
    "phone": {"type": "string", "description": "E.164."},
    "bin": {"type": "string", "pattern": "^[0-9]{6}([0-9]{2})?$"},
}


class RecordSerializer(serializers.Serializer[dict[str, Any]]):
    """What a PUT answers."""

    id = serializers.CharField(help_text="The id in the path.")
    new_version = serializers.BooleanField(
        help_text="False where the newest version already says the same."
    )
    ignored = serializers.ListField(
        child=serializers.CharField(), help_text="Unknown fields, kept aside."
    )


def checked_record(
    table: str, record_id: str, body: object, *, as_of: datetime
) -> tuple[dict[str, Any], list[str]]:
    """Return the cleaned row and its unknown fields; raises InvalidError.

    The id comes from the path; one in the body must be the same.
    """
    name = ID_FIELDS[table]
    if not isinstance(body, Mapping):
        raise InvalidError("Send one JSON object.")
    if body.get(name, record_id) != record_id:
        problem = FieldProblem(f"/{name}", "id_mismatch", "differs from the path.")
        raise InvalidError("The ids differ.", problems=(problem,))
    checked = validate_rows(table, [{**body, name: record_id}], as_of=as_of)
    if checked.rejects:
        (reject,) = checked.rejects
        problem = FieldProblem(f"/{reject.field}", reject.code, reject.detail)
        raise InvalidError("A field is not valid.", problems=(problem,))
    return checked.good[0], sorted(checked.unknown)


def record_schema(table: str) -> dict[str, Any]:
    """Return the JSON schema of a record; the id is in the path."""
    columns = [one for one in RAW_TABLES[table] if one.name != ID_FIELDS[table]]
    return {
        "type": "object",
        "properties": {one.name: _property(one) for one in columns},
        "required": [one.name for one in columns if one.required] or [],
    }


def _property(column: RawColumn) -> dict[str, Any]:
    if column.kind == "enum":
        return {"type": "string", "enum": list(column.choices)}
    return dict(_TYPES.get(column.kind, {"type": "string"}))
