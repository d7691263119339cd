"""The starter's trees, read by this site's random audits: the step before own trees.

A starter's probabilities stand at an assumed share of abuse. Accounts that were
reviewed whatever their score say how much abuse there really is.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from apps.audit.services import Actor
from apps.core.ids import derived_id
from apps.scoring.models import ModelVersion
from apps.scoring.services.registry import enter
from ml.features import catalogue_hash

if TYPE_CHECKING:
    from ml.dataset import TrainingRows


def recalibrated(
    *,
    audits: Mapping[str, "TrainingRows"],
    as_of: datetime,
    at: datetime,
    actor: Actor,
) -> list[ModelVersion]:
    """Register, by kind, the starter's trees with a calibration from random audits.

    `audits` holds rows by kind, of which those audited count; a kind without one is
    left out. The same audits give the same model. Raise ml.manifest.ModelFileError
    where the shipped files are not the ones that were shipped.
    """
    return [
        _recalibrated(kind, rows, as_of, at, actor)
        for kind, rows in audits.items()
        if rows.audited.any()
    ]


def _recalibrated(
    kind: str, rows: "TrainingRows", as_of: datetime, at: datetime, actor: Actor
) -> ModelVersion:
    from ml import manifest as manifests  # brings in what only training needs
    from ml.starter.audits import read_by_audits
    from ml.starter.shipped import at_home, shipped

    starter = at_home(shipped(kind, catalogue=catalogue_hash()))
    model = read_by_audits(starter, rows, as_of)
    content = sha256(manifests.canonical(model.manifest)).digest()
    model_id = derived_id("mdl", content)
    existing = ModelVersion.objects.filter(pk=model_id).first()
    return existing or enter(model, model_id, as_of=as_of, at=at, actor=actor)
