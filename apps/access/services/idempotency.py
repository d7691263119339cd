"""The same request again gets the same answer, and has its effect once.

The reply is stored in the transaction of the effect: one statement before it, one
after. An error rolls both back, so only what was done is ever replayed.
"""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.access.errors import (
    IdempotencyKeyMissingError,
    IdempotencyKeyShapeError,
    IdempotencyMismatchError,
    InProgressError,
)
from apps.access.models import IdempotentReply, ServiceKey
from apps.core.sql import execute, fetch, pipelined

KEPT_FOR = timedelta(days=7)
_FIRST_ERROR = 500
_SHAPE = re.compile(r"[A-Za-z0-9_-]{16,128}")
# The advisory lock makes a second request see at once that the first one runs; the
# unique key alone would make it wait.
_BEGIN = """
INSERT INTO access_idempotentreply
    (service_key_id, endpoint, key, fingerprint, body, created_at)
SELECT $1::text, $2, $3, $4, '', $5
WHERE pg_try_advisory_xact_lock($6::bigint)
ON CONFLICT (service_key_id, endpoint, key) DO NOTHING
RETURNING id
"""
_END = "UPDATE access_idempotentreply SET status = $1, body = $2 WHERE id = $3"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status and JSON text; `replayed` when it was stored before."""

    status: int
    body: str
    replayed: bool = False


def check_key(key: str | None) -> str:
    """Return a well-formed key; raise for a missing or misshapen one."""
    if not key:
        raise IdempotencyKeyMissingError(
            "Send an Idempotency-Key header: a new random one for each new request."
        )
    if not _SHAPE.fullmatch(key):
        raise IdempotencyKeyShapeError(
            "Idempotency-Key has 16 to 128 letters, digits, `_` or `-`."
        )
    return key


def once(
    *,
    service_key: ServiceKey,
    endpoint: str,
    key: str | None,
    request_body: Any,
    at: datetime,
    effect: Callable[[], tuple[int, str]],
    small: bool = False,
) -> Reply:
    """Run `effect() -> (status, JSON text)` once for this key, and replay it after.

    The effect runs inside the transaction that stores its reply; a `small` one uses no
    COPY, so its statements may travel together (`apps.core.sql.pipelined`). Raises the
    errors of check_key, IdempotencyMismatchError (another body) and InProgressError.
    """
    key = check_key(key)
    fingerprint = _fingerprint(request_body)
    lock = _digest(f"{service_key.pk} {endpoint} {key}")
    number = int.from_bytes(lock[:8], "big", signed=True)
    with transaction.atomic(), pipelined() if small else nullcontext():
        begun = fetch(_BEGIN, service_key.pk, endpoint, key, fingerprint, at, number)
        if not begun:
            return _stored(service_key, endpoint, key, fingerprint)
        status, body = effect()
        if status >= _FIRST_ERROR:
            transaction.set_rollback(True)
            return Reply(status, body)
        execute(_END, status, body, begun[0][0])
    return Reply(status, body)


def forget(*, at: datetime) -> int:
    """Delete replies that are too old to be asked for again."""
    old = IdempotentReply.objects.filter(created_at__lt=at - KEPT_FOR)
    return old.delete()[0]


def _stored(owner: ServiceKey, endpoint: str, key: str, fingerprint: str) -> Reply:
    found = IdempotentReply.objects.filter(
        service_key=owner, endpoint=endpoint, key=key
    ).first()
    if found is None or found.status is None:
        raise InProgressError("The first request with this key is still running.")
    if found.fingerprint != fingerprint:
        raise IdempotencyMismatchError(
            "This Idempotency-Key came with another body before; use a new one."
        )
    return Reply(found.status, found.body, replayed=True)


def _fingerprint(request_body: Any) -> str:
    if not isinstance(request_body, bytes):
        request_body = json.dumps(request_body, sort_keys=True).encode()
    return hashlib.sha256(request_body).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
