"""Bodies of the batch endpoints: decoding them, and describing them in OpenAPI."""

from apps.signals.schemas.batches import ROWS_MAX, batch_answer, decode_batch
from apps.signals.schemas.exchanges import decode_events
from apps.signals.schemas.openapi import (
    EVENT_BATCH,
    OUTCOME_BATCH,
    PROVIDER_EVENT,
    EventBatchAnswerSerializer,
    OutcomeBatchAnswerSerializer,
    row_schema,
)

__all__ = [
    "EVENT_BATCH",
    "OUTCOME_BATCH",
    "PROVIDER_EVENT",
    "ROWS_MAX",
    "EventBatchAnswerSerializer",
    "OutcomeBatchAnswerSerializer",
    "batch_answer",
    "decode_batch",
    "decode_events",
    "row_schema",
]
