"""Arguments that both clients share."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict

Row = Mapping[str, Any]


class AssessmentInput(TypedDict):
    """What `assessments.create` takes; `account` needs an `id`."""

    event: str
    account: Row
    signup: NotRequired[Row | None]
    payment: NotRequired[Row | None]
    options: NotRequired[Row | None]
    occurred_at: NotRequired[datetime | None]
    idempotency_key: NotRequired[str | None]


class BufferOptions(TypedDict, total=False):
    """Limits of an event buffer; see `events.Limits`."""

    max_items: int
    max_bytes: int
    batch_items: int
    flush_s: float
    on_rejected: Callable[[Row], None]
