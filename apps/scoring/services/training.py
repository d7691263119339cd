"""Train candidates and enter them in the registry; the same question, the same id."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core import canonical
from apps.core.ids import derived_id
from apps.core.progress import Progress
from apps.scoring.choices import ModelKind
from apps.scoring.models import ModelVersion
from apps.scoring.selectors import model_content
from apps.scoring.services.champions import folder_of, model_of
from apps.scoring.services.examples import Facts, facts_at, snapshots
from apps.signals.selectors import open_engine
from ml.features import FEATURES, catalogue_hash
from ml.history import mutable_features

if TYPE_CHECKING:
    from ml.dataset import TrainingRows
    from ml.model import RiskModel

LEAST_POSITIVES: Final = 20
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
    without enough labels is left as it is and named with the reason.
    """
    with open_engine(as_of=as_of) as engine:
        facts = facts_at(engine, as_of)
    skipped = {kind: reason for kind in kinds if (reason := _lacks(kind, facts))}
    wanted = [kind for kind in LEARNT if kind in kinds and kind not in skipped]
    found = snapshots(facts, wanted, progress) if wanted else {}
    models = []
    for done, kind in enumerate(wanted):
        progress.advance(done, len(wanted), "training")
        rows = found.get(kind)
        if rows is None or rows.positives < LEAST_POSITIVES:
            count = 0 if rows is None else rows.positives
            skipped[kind] = _too_few(count, "that can be learnt from in this kind")
            continue
        models.append(_candidate(rows, kind, as_of, seed, at, actor))
    progress.advance(len(wanted), len(wanted), "training")
    return Trained(tuple(models), skipped)


def _lacks(kind: str, facts: Facts) -> str:
    if kind == ModelKind.RING:
        return (
            "a ring's probability is a sum of measured likelihood ratios;"
            " nothing of it is learnt from labels"
        )
    if facts.positives() < LEAST_POSITIVES:
        return _too_few(facts.positives(), "known by then")
    return ""


def _too_few(count: int, which: str) -> str:
    return (
        f"{count} accounts with a label of abuse {which};"
        f" {LEAST_POSITIVES} are needed, so the model in use stays"
    )


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

    config = training.TrainConfig(
        kind=kind,
        features=[
            one
            for one in FEATURES
            if kind == ModelKind.ACTIVITY
            or (one.group == "entry" and one.name not in UNKNOWN_AT_ENTRY)
        ],
        mutable=mutable_features(FEATURES),
        cutoff=as_of,
        seed=seed,
    )
    model_id = derived_id("mdl", _identity(rows, config))
    existing = ModelVersion.objects.filter(pk=model_id).first()
    if existing is not None:
        return existing
    model = training.train(rows, config)
    return enter(model, model_id, as_of=as_of, at=at, actor=actor)


def enter(
    model: "RiskModel", model_id: str, *, as_of: datetime, at: datetime, actor: Actor
) -> ModelVersion:
    """Write a model's signed files and register it as a candidate."""
    _save(model, model_id)
    row = _register(model, model_id, as_of, at, actor)
    model_of(model_id, current=True)  # the probe runs now, not at the first request
    return row


def _identity(rows: "TrainingRows", config: Any) -> bytes:
    from ml import dataset, train
    from ml.model import libraries

    content = {
        "kind": str(config.kind),
        "as_of": config.cutoff.isoformat(),
        "seed": config.seed,
        "catalogue": catalogue_hash(),
        "mutable": sorted(config.mutable),
        "parameters": config.parameters,
        "data": dataset.data_digest(rows),
        "code": train.code_digest(),
        "libraries": libraries(),
    }
    return hashlib.sha256(canonical.dumps(content)).digest()


def _save(model: Any, model_id: str) -> None:
    """Write the files; replace those that a killed run left without a row."""
    from ml.manifest import signing_key

    folder = folder_of(model_id)
    shutil.rmtree(folder, ignore_errors=True)
    model.save(folder, signing_key(settings.KYCRISK_LOG_SIGNING_KEY))


@transaction.atomic
def _register(
    model: Any, model_id: str, as_of: datetime, at: datetime, actor: Actor
) -> ModelVersion:
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
