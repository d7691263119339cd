"""Take in a model that another home trained, signed with the same key."""

import hashlib
from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.audit.services import Actor
from apps.core.errors import InvalidError
from apps.core.ids import derived_id
from apps.scoring.models import ModelVersion
from apps.scoring.services.registry import enter


class UnadoptableModelError(InvalidError):
    """The folder holds no model that this site may use; `detail` says why."""

    code = "model_not_adopted"


def adopt(*, folder: Path, at: datetime, actor: Actor) -> ModelVersion:
    """Check a signed model folder and register it as a candidate.

    Hash, signature and fit to today's catalogue are checked before the text is parsed,
    and the first parse happens in a process that may die. The same model again is the
    row that exists already. Raises UnadoptableModelError.
    """
    from ml import manifest as manifests
    from ml import model as models
    from ml.features import catalogue_hash

    key = manifests.public_key(settings.KYCRISK_LOG_SIGNING_KEY)
    expected = models.Expected(catalogue=catalogue_hash())
    try:
        model = models.load(folder, expected=expected, public_key=key)
    except manifests.ModelFileError as error:
        raise UnadoptableModelError(error.detail) from error
    content = hashlib.sha256(manifests.canonical(model.manifest)).digest()
    model_id = derived_id("mdl", content)
    existing = ModelVersion.objects.filter(pk=model_id).first()
    if existing is not None:
        return existing
    as_of = datetime.fromisoformat(model.manifest.cutoff)
    return enter(model, model_id, as_of=as_of, at=at, actor=actor)
