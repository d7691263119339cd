"""Calls of the API as values: what to send, how to read the answer, safe to repeat."""

import gzip
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from kycrisk_client.answers import Assessment, BatchAnswer, as_read, read_assessments

T = TypeVar("T")
Row = Mapping[str, Any]
_PACK_FROM: Final = 1024  # bytes; below it gzip gains nothing


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. Every call here may be repeated: it is keyed or idempotent."""

    method: str
    path: str
    read: Callable[[Any], T]
    content: bytes | None = field(default=None, repr=False)  # may hold personal data
    headers: Mapping[str, str] = field(default_factory=dict)


def assess(
    *,
    event: str,
    account: Row,
    signup: Row | None = None,
    payment: Row | None = None,
    options: Row | None = None,
    occurred_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> Call[Assessment]:
    """POST /v1/assessments; without a key of the caller a random one is made."""
    body: dict[str, Any] = {"event": event, "account": account}
    moment = occurred_at or datetime.now(UTC)  # noqa: TID251 - the edge has the clock
    body["occurred_at"] = moment.isoformat()
    parts = {"signup": signup, "payment": payment, "options": options}
    body |= {name: part for name, part in parts.items() if part is not None}
    key = idempotency_key or str(uuid.uuid4())
    return _sent("POST", "/v1/assessments", body, Assessment.read, key)


def assessment(assessment_id: str) -> Call[Assessment]:
    return Call("GET", f"/v1/assessments/{_safe(assessment_id)}", Assessment.read)


def explanation(assessment_id: str) -> Call[dict[str, Any]]:
    return Call("GET", f"/v1/assessments/{_safe(assessment_id)}/explanation", as_read)


def assessments_of(account_id: str) -> Call[list[Assessment]]:
    path = f"/v1/accounts/{_safe(account_id)}/assessments"
    return Call("GET", path, read_assessments)


def put(kind: str, record_id: str, record: Row) -> Call[dict[str, Any]]:
    """PUT a record of `customers`, `accounts` or `api_keys`: a new version of it."""
    return _sent("PUT", f"/v1/{kind}/{_safe(record_id)}", record, as_read)


def provider(row: Row) -> Call[dict[str, Any]]:
    """POST /v1/provider: a release, an incident or a change of protection."""
    return _sent("POST", "/v1/provider", row, as_read)


def batch(kind: str, rows: Iterable[Row]) -> Call[BatchAnswer]:
    """POST a batch of `events` or `outcomes`."""
    return packed(kind, [encoded(row) for row in rows])


def packed(kind: str, lines: Iterable[bytes]) -> Call[BatchAnswer]:
    """POST a batch of rows that are JSON already; packed when that pays."""
    content = b"\n".join(lines)
    headers = {"Content-Type": "application/x-ndjson"}
    if len(content) >= _PACK_FROM:
        headers["Content-Encoding"] = "gzip"
        content = gzip.compress(content, compresslevel=1, mtime=0)
    path = f"/v1/{kind}/batch"
    return Call("POST", path, BatchAnswer.read, content, headers)


def checkpoint() -> Call[dict[str, Any]]:
    """GET the signed head of the audit log."""
    return Call("GET", "/v1/audit/checkpoint", as_read)


def proof(entry: str) -> Call[dict[str, Any]]:
    """GET the proof that an entry stands in the audit log."""
    return Call("GET", f"/v1/audit/proof?entry={_safe(entry)}", as_read)


def encoded(row: Row) -> bytes:
    """Return one row as a line of JSON; moments are written in RFC 3339."""
    text = json.dumps(
        row, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain
    )
    return text.encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON, or has no time zone.")


def _sent(
    method: str,
    path: str,
    body: Row,
    read: Callable[[Any], T],
    idempotency_key: str | None = None,
) -> Call[T]:
    headers = {"Content-Type": "application/json"}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    return Call(method, path, read, encoded(body), headers)


def _safe(text: str) -> str:
    return quote(text, safe="")
