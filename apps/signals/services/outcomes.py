"""Outcomes and the provider's calendar into their tables."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.core import canonical
from apps.signals.choices import Verdict
from apps.signals.models import ProviderEvent
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
    "ingested_at": "timestamptz",
    "digest": "bytea",
}
_BODY: Final = (
    "account_id",
    "outcome_id",
    "label",
    "subtype",
    "source",
    "observed_at",
    "known_at",
    "ring",
    "supersedes",
)


def put_outcomes(
    *,
    rows: Sequence[Mapping[str, Any]],
    account_keys: Mapping[str, int],
    at: datetime,
) -> list[Verdict]:
    """Store checked rows of `outcomes` with distinct ids."""
    facts = []
    for row in rows:
        body = [str(row[name]) if row[name] is not None else None for name in _BODY]
        digest = hashlib.blake2b(canonical.dumps(body), digest_size=16).digest()
        values = dict(row) | {
            "account_id": account_keys[row["account_id"]],
            "ingested_at": at,
            "digest": digest,
        }
        facts.append([values[name] for name in _TYPES])
    with transaction.atomic():
        return insert_once(
            table="signals_outcome", types=_TYPES, keys=("outcome_id",), rows=facts
        )


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
