from datetime import datetime
from hashlib import sha256

from django.db import transaction

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core.ids import new_id


@transaction.atomic
def record_export(
    *, assessment_id: str, content: bytes, actor: Actor, at: datetime
) -> str:
    """Record that a report left the house, by the hash of its bytes."""
    export_id = new_id("exp", at)
    audit.record(
        kind="reports.explanation.exported",
        object_type="export",
        object_id=export_id,
        version=1,
        content={
            "assessment": assessment_id,
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
        },
        actor=actor,
        at=at,
    )
    return export_id
