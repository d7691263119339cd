"""What an export holds: one row an account, sorted, without a time of creation."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Subquery

from apps.assessments.choices import Event
from apps.assessments.errors import NotAssessedError
from apps.assessments.models import Assessment
from apps.customers.models import Account
from apps.rings.selectors import ring_parts

if TYPE_CHECKING:
    import pyarrow as pa


def scores_table(*, as_of: datetime) -> "pa.Table":
    """Return the current scheduled assessment of every account that existed at T.

    Raises NotAssessedError where an account of that moment was never assessed.
    """
    import pyarrow as pa  # a large library, needed by exports alone

    rows = list(_score_rows(as_of))
    moment = pa.timestamp("us", tz="UTC")
    text, number = pa.string(), pa.float64()
    schema = pa.schema(
        [
            ("account_id", text),
            ("as_of", moment),
            ("probability", number),
            ("raw_margin", number),
            ("action", text),
            ("ring_id", text),
            ("ring_probability", number),
            ("model_version", text),
            ("reasons", pa.list_(text)),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _score_rows(as_of: datetime) -> Iterator[dict[str, Any]]:
    newest = Assessment.objects.filter(
        account=OuterRef("pk"), as_of=as_of, event=Event.SCHEDULED
    ).order_by("-created_at", "-id")
    known = Account.objects.filter(created_at__lte=as_of, recorded_at__lte=as_of)
    current = known.annotate(assessment=Subquery(newest.values("id")[:1]))
    found = [one for one in current.values_list("assessment", flat=True) if one]
    if len(found) < known.count():
        raise NotAssessedError(known.count() - len(found))
    rows = Assessment.objects.filter(id__in=found)
    joined = rows.select_related("score", "decision", "account")
    for row in joined.order_by("account__account_id").iterator(chunk_size=2000):
        yield _score_row(row, as_of)


def _score_row(row: Assessment, as_of: datetime) -> dict[str, Any]:
    score = row.score
    return {
        "account_id": row.account.account_id,
        "as_of": as_of,
        "probability": score.probability,
        "raw_margin": score.margin,
        "action": row.decision.action,
        "ring_id": score.ring_id,
        "ring_probability": score.ring_probability,
        "model_version": score.model_id,
        "reasons": [reason["code"] for reason in score.reasons],
    }


def rings_table(*, as_of: datetime) -> "pa.Table":
    """Return each account's strongest ring as of T, sorted by account."""
    import pyarrow as pa  # a large library, needed by exports alone

    moment = pa.timestamp("us", tz="UTC")
    text = pa.string()
    rows = [
        {
            "as_of": as_of,
            "ring_id": part.ring_id,
            "account_id": account_id,
            "membership": part.level,
            "ring_probability": part.probability,
            "views": sorted(part.views),
        }
        for account_id, part in sorted(ring_parts(as_of=as_of).items())
        if part.ring_id is not None
    ]
    schema = pa.schema(
        [
            ("as_of", moment),
            ("ring_id", text),
            ("account_id", text),
            ("membership", text),
            ("ring_probability", pa.float64()),
            ("views", pa.list_(text)),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)
