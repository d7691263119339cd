"""The draw of accounts that people review whatever their score.

Labels that were looked for say nothing about what was not looked at. Accounts that
chance chose do: how much abuse there is, how much of it is found, and whether a
probability means what it says.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db import transaction

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core.ids import new_id
from apps.customers.services import hashing
from apps.scoring.models import AuditDraw
from apps.scoring.selectors import draw_content
from ml import sampling

_LOTS = float(2 ** (8 * hashing.LENGTH))


class Candidate(NamedTuple):
    """An account that may be drawn; `asked` where the machine wanted a person."""

    account_id: int
    score_id: str
    probability: float
    asked: bool


@transaction.atomic
def draw_for_audit(
    *, frame: Sequence[Candidate], wanted: int, at: datetime, actor: Actor
) -> list[AuditDraw]:
    """Draw accounts of the frame and keep with which chance each was drawn.

    The lots of a day are keyed hashes: the same day, accounts and key draw the same,
    and nobody without the key can foresee it.
    """
    if not frame or wanted <= 0:
        return []
    day = at.date().isoformat()
    keys = [f"{day} {one.account_id}" for one in frame]
    lots = np.array([_lot(each) for each in hashing.keyed("audit_lot", keys)])
    coin = _lot(hashing.key_of("audit_coin", day))
    scores = np.array([one.probability for one in frame])
    found = sampling.stratified(scores, lots, wanted, coin)
    rows = [
        AuditDraw(
            id=new_id("draw", at),
            account_id=frame[place].account_id,
            score_id=frame[place].score_id,
            asked=frame[place].asked,
            top=bool(found.top[place]),
            frame=int(found.sizes[place]),
            chance=float(found.chances[place]),
            drawn_at=at,
        )
        for place in found.drawn.tolist()
    ]
    AuditDraw.objects.bulk_create(rows)
    _record(rows, actor=actor, at=at)
    return rows


def _lot(key: str | None) -> float:
    """Read a keyed hash as a number in [0, 1)."""
    return int(key or "0", 16) / _LOTS


def _record(rows: Sequence[AuditDraw], *, actor: Actor, at: datetime) -> None:
    audit.record_many(
        audit.Record(
            kind="scoring.audit.drawn",
            object_type="audit_draw",
            object_id=row.id,
            version=1,
            content=draw_content(row),
            actor=actor,
            at=at,
        )
        for row in rows
    )
