"""Real models, trained on invented values of the real catalogue."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from apps.audit.services import Actor
from ml.dataset import TrainingRows
from ml.features import FEATURES, NAMES, catalogue_hash
from ml.frames import FeatureFrame
from ml.manifest import public_key, signing_key
from ml.model import Expected, RiskModel, load
from ml.train import TrainConfig, train

AT = datetime(2026, 3, 1, tzinfo=UTC)
ACTOR = Actor("system", "test")


def frame(n: int, seed: int = 0, *, active: float = 0.5) -> FeatureFrame:
    """Return invented values of every column, a tenth of them missing."""
    rng = np.random.default_rng(seed)
    values = np.abs(rng.normal(size=(n, len(NAMES)))) * 10
    values[rng.random(values.shape) < 0.1] = np.nan
    return FeatureFrame(
        tuple(f"acct-{seed}-{at:05}" for at in range(n)),
        NAMES,
        values,
        rng.random(n) < active,
        catalogue_hash(),
    )


def made(kind: str, seed: int = 0, n: int = 600):
    """Train a small model of a kind on invented rows."""
    rows = frame(n, seed)
    rng = np.random.default_rng(seed)
    known = np.nan_to_num(rows.values)
    signal = sum(known[:, at] * one.direction for at, one in enumerate(FEATURES[:12]))
    labels = (signal + rng.normal(size=n) * 5 > np.quantile(signal, 0.8)).astype(float)
    config = TrainConfig(
        kind=kind,
        features=[
            one for one in FEATURES if kind == "activity" or one.group == "entry"
        ],
        mutable=frozenset(),
        cutoff=AT,
        seed=seed,
        threads=1,
    )
    no = np.zeros(n, dtype=bool)
    groups = np.array(rows.account_ids, dtype=object)
    times = np.arange(n, dtype=float)
    ones = np.ones(n)
    return train(TrainingRows(rows, labels, ones, ones, groups, times, no, no), config)


@dataclass(frozen=True)
class Made:
    """A trained model and its saved files, which were probed once."""

    model: RiskModel
    folder: Path


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """One model of each kind and a second entry model; training takes a second."""
    from django.conf import settings

    secret = settings.KYCRISK_LOG_SIGNING_KEY
    found = {}
    for name, kind, seed in (
        ("entry", "entry", 0), ("activity", "activity", 0), ("second", "entry", 4),
    ):  # fmt: skip
        model = made(kind, seed)
        folder = tmp_path_factory.mktemp("trained") / name
        model.save(folder, signing_key(secret))
        load(folder, expected=Expected(), public_key=public_key(secret))
        found[name] = Made(model, folder)
    return found


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, settings):
    """Each test has its own model files, and this process forgets the last ones'."""
    from apps.scoring import services  # models need Django, which is not up above

    settings.KYCRISK_MODELS = tmp_path / "models"
    services.forget_models()
    yield
    services.forget_models()


def register(made: Made, model_id: str):
    """Enter a saved model in the registry, as training does."""
    from django.conf import settings

    from apps.scoring.services import registry

    shutil.copytree(made.folder, settings.KYCRISK_MODELS / model_id)
    return registry.register(made.model, model_id, AT, AT, ACTOR)


@pytest.fixture
def champions(db, trained):
    """An entry and an activity model in use."""
    from apps.scoring import services

    for kind in ("entry", "activity"):
        register(trained[kind], f"mdl_{kind}")
        services.promote(model_id=f"mdl_{kind}", by=ACTOR, at=AT)
    services.forget_models()


def stored_scores(values: FeatureFrame):
    """Score invented values by the models in use, and store what they say."""
    from apps.core.ids import new_id  # these need Django, as above
    from apps.customers.models import Account
    from apps.scoring import services
    from apps.scoring.models import Score

    found = services.score(frame=values, rings={}, as_of=AT)
    accounts = Account.objects.bulk_create(
        Account(
            account_id=one.account_id,
            created_at=AT,
            recorded_at=AT,
            ingested_at=AT,
            subject=f"00000000-0000-0000-0000-{at:012}",
        )
        for at, one in enumerate(found)
    )
    rows = services.score_rows(
        scored=found,
        accounts=[account.pk for account in accounts],
        as_of=AT,
        ids=[new_id("scr", AT) for _ in found],
    )
    return Score.objects.bulk_create(rows)
