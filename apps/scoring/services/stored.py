"""Scores to rows and back, without losing a bit."""

import math
from collections.abc import Sequence
from datetime import datetime

import msgspec

from apps.scoring.models import Score
from apps.scoring.selectors import adaptation_of
from ml.frames import Reason, RingPart, Scored
from ml.model import TOLERANCE, ContributionError


def score_rows(
    *,
    scored: Sequence[Scored],
    accounts: Sequence[int],
    as_of: datetime,
    ids: Sequence[str],
    catalogue: str | None = None,
) -> list[Score]:
    """Return unsaved rows; `accounts` are primary keys, in the order of `scored`.

    `catalogue` is the frame's; by default today's. Raise ContributionError where the
    parts of a score do not add up to its margin: such a score is never stored.
    """
    from ml.features import catalogue_hash

    catalogue = catalogue or catalogue_hash()
    rows = []
    for one, account, row_id in zip(scored, accounts, ids, strict=True):
        gap = abs(math.fsum(one.contributions) - one.margin)
        if not gap <= TOLERANCE:
            raise ContributionError(f"Contributions miss the margin by {gap:.3g}.")
        rows.append(_row(one, account, as_of, row_id, catalogue))
    return rows


def _row(
    one: Scored, account: int, as_of: datetime, row_id: str, catalogue: str
) -> Score:
    ring = one.ring
    return Score(
        id=row_id,
        account_id=account,
        model_id=one.model_id,
        as_of=as_of,
        catalogue=catalogue,
        features=list(one.features),
        contributions=list(one.contributions),
        margin=one.margin,
        own_probability=one.own_probability,
        low=one.low,
        high=one.high,
        probability=one.probability,
        ring_id=ring.ring_id if ring else None,
        ring_probability=ring.probability if ring else None,
        agreement=ring.agreement if ring else None,
        company=ring.company if ring else None,
        reasons=[
            msgspec.to_builtins(reason) | {"features": list(reason.features)}
            for reason in one.reasons
        ],
    )


def from_row(*, row: Score, account_id: str) -> Scored:
    """Return a stored score as it was; the ring's level and views are not stored."""
    ring = None
    if row.ring_probability is not None:
        ring = RingPart(
            row.ring_id,
            row.ring_probability,
            row.agreement or 0.0,
            level="",
            company=row.company or 0.0,
        )
    return Scored(
        account_id=account_id,
        model_id=row.model_id,
        names=tuple(row.model.manifest["columns"]),
        features=tuple(row.features),
        contributions=tuple(row.contributions),
        margin=row.margin,
        own_probability=row.own_probability,
        low=row.low,
        high=row.high,
        probability=row.probability,
        ring=ring,
        reasons=tuple(
            Reason(**(reason | {"features": tuple(reason["features"])}))
            for reason in row.reasons
        ),
        adaptation=adaptation_of(row.model.manifest),
    )
