"""Models enter here: signed files in their folder, and an audited row."""

import shutil
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.scoring.models import ModelVersion
from apps.scoring.selectors import model_content
from apps.scoring.services.champions import folder_of, model_of

if TYPE_CHECKING:
    from ml.model import RiskModel


def enter(
    model: "RiskModel", model_id: str, *, as_of: datetime, at: datetime, actor: Actor
) -> ModelVersion:
    """Write a model's signed files and register it as a candidate."""
    _save(model, model_id)
    row = register(model, model_id, as_of, at, actor)
    model_of(model_id, current=True)  # the probe runs now, not at the first request
    return row


def _save(model: "RiskModel", model_id: str) -> None:
    """Write the files; replace those that a killed run left without a row."""
    from ml.manifest import signing_key

    folder = folder_of(model_id)
    shutil.rmtree(folder, ignore_errors=True)
    model.save(folder, signing_key(settings.KYCRISK_LOG_SIGNING_KEY))


@transaction.atomic
def register(
    model: "RiskModel", model_id: str, as_of: datetime, at: datetime, actor: Actor
) -> ModelVersion:
    """Store the row of a model whose files are there, as a candidate."""
    manifest = model.manifest
    versions = ModelVersion.objects.filter(kind=manifest.kind)
    newest = versions.aggregate(newest=Max("version"))["newest"] or 0
    row = ModelVersion(
        id=model_id,
        kind=manifest.kind,
        version=newest + 1,
        sha256=manifest.text_sha256,
        manifest=msgspec.to_builtins(manifest),
        as_of=as_of,
        seed=manifest.seed,
        created_at=at,
    )
    row.save(force_insert=True)
    # read back: jsonb may spell a number differently, and the log repeats the row
    row.refresh_from_db()
    audit.record(
        kind="scoring.model.trained",
        object_type="model_version",
        object_id=row.id,
        version=row.row_version,
        content=model_content(row),
        actor=actor,
        at=at,
    )
    return row
