"""Outcomes and the provider's calendar into their tables."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.audit import services as audit
from apps.core import canonical
from apps.signals.choices import Verdict
from apps.signals.models import ProviderEvent
from apps.signals.selectors.audited import outcome_content
from apps.signals.services.once import insert_once

_TYPES: Final = {
    "account_id": "bigint",
    "outcome_id": "text",
    "label": "text",
    "subtype": "text",
    "source": "text",
    "observed_at": "timestamptz",
    "known_at": "timestamptz",
    "ring": "text",
    "supersedes": "text",
    "chunk": "uuid",
    "ingested_at": "timestamptz",
    "digest": "bytea",
}


@transaction.atomic
def put_outcomes(
    *,
    rows: Sequence[Mapping[str, Any]],
    account_keys: Mapping[str, int],
    at: datetime,
    actor: audit.Actor,
    request_id: str | None = None,
) -> list[Verdict]:
    """Store checked rows of `outcomes` with distinct ids; each is in the audit log."""
    verdicts = []
    for start in range(0, len(rows), audit.MAX_CHUNK):
        some = rows[start : start + audit.MAX_CHUNK]
        chunk = uuid.uuid4()
        found = insert_once(
            table="signals_outcome",
            types=_TYPES,
            keys=("outcome_id",),
            rows=[_fact(row, account_keys, chunk, at) for row in some],
        )
        new = {
            row["outcome_id"]: canonical.digest(outcome_content(row))
            for row, verdict in zip(some, found, strict=True)
            if verdict is Verdict.ACCEPTED
        }
        if new:
            audit.record_chunk(
                kind="signals.outcome.recorded",
                object_type="outcome",
                chunk=chunk,
                rows=new,
                actor=actor,
                at=at,
                request_id=request_id,
            )
        verdicts += found
    return verdicts


def _fact(
    row: Mapping[str, Any],
    account_keys: Mapping[str, int],
    chunk: uuid.UUID,
    at: datetime,
) -> list[Any]:
    body = canonical.dumps(outcome_content(row))
    values = dict(row) | {
        "account_id": account_keys[row["account_id"]],
        "chunk": chunk,
        "ingested_at": at,
        "digest": hashlib.blake2b(body, digest_size=16).digest(),
    }
    return [values[name] for name in _TYPES]


def put_provider_events(
    *, rows: Sequence[Mapping[str, Any]], recorded_at: datetime | None, at: datetime
) -> list[Verdict]:
    """Store checked rows of `provider`; known since they begin, or at `recorded_at`."""
    verdicts = []
    for row in rows:
        held, made = ProviderEvent.objects.get_or_create(
            kind=row["kind"],
            name=row["name"],
            at=row["at"],
            defaults={
                "until": row["until"],
                "data": row["data"] or {},
                "recorded_at": recorded_at or row["at"],
                "ingested_at": at,
            },
        )
        same = held.until == row["until"] and held.data == (row["data"] or {})
        verdicts.append(
            Verdict.ACCEPTED
            if made
            else Verdict.DUPLICATE
            if same
            else Verdict.CONFLICT
        )
    return verdicts
