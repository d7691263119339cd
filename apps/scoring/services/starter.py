"""The shipped starter models: in use on a site until it has learnt from its own labels.

They need nobody's consent, because there is nothing that they replace, and because
policy lets them go no further than to observe and to ask people for a review.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import connection, transaction

from apps.audit.services import Actor
from apps.core.ids import derived_id
from apps.scoring import selectors
from apps.scoring.choices import ModelKind
from apps.scoring.errors import UnusableModelError
from apps.scoring.models import ModelVersion
from apps.scoring.services.champions import forget_models, holds
from apps.scoring.services.promotion import promote
from apps.scoring.services.registry import enter
from ml.features import catalogue_hash

KINDS: Final = (ModelKind.ENTRY, ModelKind.ACTIVITY)
ACTOR: Final = Actor("system", "starter")
_LOCK: Final = 0x4B59_5354  # advisory lock: one process takes the starter in


def ensure_starter(*, at: datetime, kinds: tuple[str, ...] = KINDS) -> None:
    """Put the starter in use for each kind that has no model in use.

    A starter of an older release, which reads another feature catalogue, gives way to
    this release's. Costs nothing where this process holds models of all kinds.
    Raise UnusableModelError where a shipped file is not the one that was shipped.
    """
    if holds(kinds):
        return
    lacking = [kind for kind in kinds if _lacks(kind)]
    for kind in lacking:
        _take_in(kind, at)
    if lacking:
        forget_models()


def _lacks(kind: str) -> bool:
    current = selectors.champion_of(kind)
    if current is None:
        return True
    old = current.manifest["catalogue"] != catalogue_hash()
    return old and selectors.adaptation_of(current.manifest) == "starter"


@transaction.atomic
def _take_in(kind: str, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if not _lacks(kind):  # another process was faster
        return
    # lightgbm takes seconds to import, and only a site's first use comes here
    from ml.manifest import ModelFileError, canonical
    from ml.starter.shipped import at_home, shipped

    try:
        model = shipped(kind, catalogue=catalogue_hash())
    except ModelFileError as error:
        raise UnusableModelError("starter", error.code, error.detail) from error
    model_id = derived_id("mdl", sha256(canonical(model.manifest)).digest())
    if not ModelVersion.objects.filter(pk=model_id).exists():
        as_of = datetime.fromisoformat(model.manifest.cutoff)
        enter(at_home(model), model_id, as_of=as_of, at=at, actor=ACTOR)
    promote(model_id=model_id, by=ACTOR, at=at)
