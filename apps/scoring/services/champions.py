"""Models held in this process, and which of them is in use."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from apps.scoring import selectors
from apps.scoring.errors import NoChampionError, UnusableModelError
from ml.features import FEATURES

if TYPE_CHECKING:
    from apps.scoring.models import ModelVersion
    from ml.explain import Explainer
    from ml.model import RiskModel

__all__ = ["Loaded", "champion", "champions", "forget_models", "holds", "model_of"]

POINTER_SECONDS: Final = 1.0  # how long a promotion may take to reach a process
CATALOGUE: Final = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked model that can answer and explain."""

    id: str
    model: "RiskModel"
    explainer: "Explainer"


@dataclass(slots=True)
class _Shelf:
    """What this process holds; threads share it."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    models: dict[str, Loaded] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)
    looked_at: float = float("-inf")


_SHELF: Final = _Shelf()


def champions() -> dict[str, Loaded]:
    """Return the models in use by kind; look at the pointers once a second at most.

    Where a new champion cannot be loaded, the last good one of its kind stays in use
    in this process. Raise NoChampionError where there is none at all.
    """
    with _SHELF.lock:
        if time.monotonic() - _SHELF.looked_at > POINTER_SECONDS:
            _follow(selectors.champions())
            _SHELF.looked_at = time.monotonic()
        if not _SHELF.pointers:
            raise NoChampionError
        return {kind: _SHELF.models[at] for kind, at in _SHELF.pointers.items()}


def champion(kind: str) -> Loaded | None:
    """Return the model in use of one kind, or None."""
    try:
        return champions().get(kind)
    except NoChampionError:
        return None


def holds(kinds: Iterable[str]) -> bool:
    """Return whether this process has a model in use of every one of these kinds."""
    return set(kinds) <= _SHELF.pointers.keys()


def model_of(model_id: str, *, current: bool = False) -> Loaded:
    """Return a model by id, loaded and checked once in this process.

    With `current` it must also fit today's feature catalogue; a replay of stored
    values does not need that. Raise UnknownModelError or UnusableModelError.
    """
    with _SHELF.lock:
        if model_id not in _SHELF.models:
            row = selectors.model_by_id(model_id)
            _SHELF.models[model_id] = _load(row, current=current)
        return _SHELF.models[model_id]


def forget_models() -> None:
    """Drop what this process holds; the next question looks and loads again."""
    with _SHELF.lock:
        _SHELF.models.clear()
        _SHELF.pointers.clear()
        _SHELF.looked_at = float("-inf")


def folder_of(model_id: str) -> Path:
    return Path(settings.KYCRISK_MODELS) / model_id


def _follow(wanted: dict[str, str]) -> None:
    """Move each pointer to the wanted model; keep the old one where that fails."""
    broken: UnusableModelError | None = None
    held = dict(_SHELF.pointers)
    _SHELF.pointers.clear()
    for kind, model_id in wanted.items():
        try:
            model_of(model_id, current=True)
            _SHELF.pointers[kind] = model_id
        except UnusableModelError as error:
            broken = error
            if kind in held:
                _SHELF.pointers[kind] = held[kind]
    if broken is not None and not _SHELF.pointers:
        raise broken


def _load(row: "ModelVersion", *, current: bool) -> Loaded:
    # the whole of ml.model and lightgbm is needed only by processes that score
    from ml import model as models
    from ml.explain import Explainer
    from ml.features import catalogue_hash
    from ml.manifest import ModelFileError, public_key

    expected = models.Expected(
        kind=row.kind,
        sha256=row.sha256,
        catalogue=catalogue_hash() if current else None,
        directions={name: one.direction for name, one in CATALOGUE.items()}
        if current
        else None,
    )
    try:
        model = models.load(
            folder_of(row.id),
            expected=expected,
            public_key=public_key(settings.KYCRISK_LOG_SIGNING_KEY),
        )
    except ModelFileError as error:
        raise UnusableModelError(row.id, error.code, error.detail) from error
    return Loaded(row.id, model, Explainer(model.manifest, CATALOGUE))
