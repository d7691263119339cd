"""Train candidates and enter them in the registry; the same question, the same id."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from apps.audit.services import Actor
from apps.core import canonical
from apps.core.ids import derived_id
from apps.core.progress import Progress
from apps.scoring.choices import ModelKind
from apps.scoring.models import ModelVersion
from apps.scoring.services.enough import (
    AUDITS_TO_CALIBRATE,
    LEAST_POSITIVES,
    counted,
    lacks,
    too_few,
)
from apps.scoring.services.examples import facts_at, snapshots
from apps.scoring.services.recalibration import recalibrated
from apps.scoring.services.registry import enter
from apps.scoring.services.starter import ensure_starter
from apps.signals.selectors import open_engine
from ml.features import FEATURES, catalogue_hash
from ml.history import mutable_features

if TYPE_CHECKING:
    from ml.dataset import TrainingRows
    from ml.features import Feature

# at the door every account is new: its age there says nothing but that
UNKNOWN_AT_ENTRY: Final = frozenset({"account_age_days"})
LEARNT: Final = (ModelKind.ENTRY, ModelKind.ACTIVITY)


@dataclass(frozen=True, slots=True)
class Trained:
    """The models of one run, found or new, and the kinds that were not trained."""

    models: tuple[ModelVersion, ...]
    skipped: dict[str, str]


def train(
    *,
    as_of: datetime,
    kinds: Sequence[str],
    seed: int,
    at: datetime,
    actor: Actor,
    progress: Progress,
) -> Trained:
    """Train candidates from what was known at `as_of`.

    With equal as-of, kind, seed, code and data the existing model is returned. A kind
    without enough labels is left as it is, with the starter where nothing else is in
    use, and named with the reason; with enough random audits there is also a candidate
    that reads the starter by them.
    """
    with open_engine(as_of=as_of) as engine:
        facts = facts_at(engine, as_of)
    skipped = {kind: reason for kind in kinds if (reason := lacks(kind, facts))}
    wanted = [kind for kind in LEARNT if kind in kinds and kind not in skipped]
    audited = counted(facts.labels).audits >= AUDITS_TO_CALIBRATE
    read = [kind for kind in LEARNT if kind in skipped] if audited else []
    found = snapshots(facts, [*wanted, *read], progress) if wanted or read else {}
    models = []
    for done, kind in enumerate(wanted):
        progress.advance(done, len(wanted), "training")
        rows = found.get(kind)
        if rows is None or rows.positives < LEAST_POSITIVES:
            count = 0 if rows is None else rows.positives
            skipped[kind] = too_few(count, "that can be learnt from in this kind")
            continue
        models.append(_candidate(rows, kind, as_of, seed, at, actor))
    progress.advance(len(wanted), len(wanted), "training")
    audits = {str(kind): found[kind] for kind in read if kind in found}
    models += recalibrated(audits=audits, as_of=as_of, at=at, actor=actor)
    ensure_starter(at=at, kinds=tuple(kind for kind in LEARNT if kind in skipped))
    return Trained(tuple(models), skipped)


def features_of(kind: str) -> list["Feature"]:
    """Return what a kind of model may read."""
    if kind == ModelKind.ACTIVITY:
        return list(FEATURES)
    return [
        one
        for one in FEATURES
        if one.group == "entry" and one.name not in UNKNOWN_AT_ENTRY
    ]


def _candidate(
    rows: "TrainingRows",
    kind: str,
    as_of: datetime,
    seed: int,
    at: datetime,
    actor: Actor,
) -> ModelVersion:
    """Return the registered model of these rows, trained now if it is new."""
    from ml import train as training  # brings in lightgbm
    from ml.starter.shipped import shipped  # as above

    config = training.TrainConfig(
        kind=kind,
        features=features_of(kind),
        mutable=mutable_features(FEATURES),
        cutoff=as_of,
        seed=seed,
        prior=shipped(kind, catalogue=catalogue_hash()),
    )
    model_id = derived_id("mdl", _identity(rows, config))
    existing = ModelVersion.objects.filter(pk=model_id).first()
    if existing is not None:
        return existing
    model = training.train(rows, config)
    return enter(model, model_id, as_of=as_of, at=at, actor=actor)


def _identity(rows: "TrainingRows", config: Any) -> bytes:
    from ml import dataset
    from ml.provenance import code_digest, libraries

    content = {
        "kind": str(config.kind),
        "as_of": config.cutoff.isoformat(),
        "seed": config.seed,
        "catalogue": catalogue_hash(),
        "mutable": sorted(config.mutable),
        "parameters": config.learning,
        "prior": config.prior.manifest.text_sha256,
        "data": dataset.data_digest(rows),
        "code": code_digest(),
        "libraries": libraries(),
    }
    return hashlib.sha256(canonical.dumps(content)).digest()
