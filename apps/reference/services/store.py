"""The active reference data in memory: which sets answer, checked every few seconds."""

import hashlib
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog
from django.conf import settings
from numpy.typing import NDArray

from apps.reference.models import ActiveReference, ReferenceSet
from apps.reference.policy import KINDS
from apps.reference.services.ranges import Ranges
from apps.reference.services.watchlist import Watchlist

CHECK_SECONDS: Final = 3.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Layer:
    """One set of one kind, loaded from its file."""

    kind: str
    version: str
    data: dict[str, NDArray[Any]] = field(repr=False)

    @cached_property
    def v4(self) -> Ranges:
        return Ranges(self.data["start4"], self.data["end4"], self.data["value4"])

    @cached_property
    def v6(self) -> Ranges:
        return Ranges(self.data["start6"], self.data["end6"], self.data["value6"])

    @cached_property
    def bins(self) -> dict[str, tuple[str | None, str | None]]:
        """BIN -> (country, funding); an empty text in the table is None."""
        names = ("bins", "countries", "fundings")
        rows = zip(*(self.data[name].tolist() for name in names), strict=True)
        return {
            number: (country or None, fund or None) for number, country, fund in rows
        }

    @cached_property
    def watchlist(self) -> Watchlist:
        ids, listed = self.data["ids"].tolist(), self.data["names"].tolist()
        return Watchlist(ids, listed)

    @cached_property
    def domains(self) -> dict[str, int]:
        """E-mail domain -> class number."""
        names, classes = self.data["domains"].tolist(), self.data["classes"].tolist()
        return dict(zip(names, classes, strict=True))


@dataclass(frozen=True)
class Store:
    """All active layers as of one revision; the first layer of a kind wins."""

    revision: int
    ids: dict[str, list[int]]
    layers: dict[str, tuple[Layer, ...]]

    def of(self, kind: str) -> tuple[Layer, ...]:
        return self.layers.get(kind, ())

    def versions(self) -> dict[str, str]:
        return {
            kind: "+".join(layer.version for layer in self.layers[kind])
            for kind in KINDS
            if self.layers.get(kind)
        }

    def missing(self) -> list[str]:
        return [kind for kind in KINDS if not self.layers.get(kind)]


def file_of(kind: str, sha256: str) -> Path:
    """Return where a set lies: named by its content, so that it never changes."""
    return Path(settings.KYCRISK_REFERENCE) / f"{kind}-{sha256[:32]}.npz"


class _Cache:
    """The store of this process, and when it was last compared with the pointer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.store: Store | None = None
        self.checked = 0.0
        self.holders = 0


_cache = _Cache()


def current() -> Store:
    """Return the active store; the pointer is read at most every few seconds.

    A set whose file is missing or altered is not loaded: the process keeps the last
    good store, and without one its kind counts as missing.
    """
    store = _cache.store
    if store is not None and (
        _cache.holders or time.monotonic() - _cache.checked < CHECK_SECONDS
    ):
        return store
    with _cache.lock:
        pointer = ActiveReference.objects.filter(name="active").first()
        ids = pointer.sets if pointer else {}
        if _cache.store is None or _cache.store.ids != ids:
            _cache.store = _load(pointer.revision if pointer else 0, ids, _cache.store)
        _cache.checked = time.monotonic()
        return _cache.store


@contextmanager
def held() -> Iterator[Store]:
    """Let the store of now answer until the end, in every thread of this process."""
    store = current()
    with _cache.lock:
        _cache.holders += 1
    try:
        yield store
    finally:
        with _cache.lock:
            _cache.holders -= 1


def look_again() -> None:
    """Forget when the pointer was last read; the next question reads it."""
    _cache.checked = -CHECK_SECONDS
    if _cache.store is not None:
        _cache.store = Store(-1, _cache.store.ids, _cache.store.layers)


def _load(revision: int, ids: dict[str, list[int]], before: Store | None) -> Store:
    """Load what changed; unchanged kinds keep their arrays."""
    wanted = [number for numbers in ids.values() for number in numbers]
    sets = {one.pk: one for one in ReferenceSet.objects.filter(pk__in=wanted)}
    layers: dict[str, tuple[Layer, ...]] = {}
    for kind, numbers in ids.items():
        if before and before.ids.get(kind) == numbers:
            layers[kind] = before.of(kind)
            continue
        loaded = tuple(_layer(sets[number]) for number in numbers)
        good = tuple(layer for layer in loaded if layer)
        layers[kind] = good or (before.of(kind) if before else ())
    return Store(revision, ids, layers)


def _layer(one: ReferenceSet) -> Layer | None:
    """Read one file and check its hash before its content is parsed."""
    try:
        raw = file_of(one.kind, one.sha256).read_bytes()
    except OSError:  # a missing file is a bad one: logged, and the last good one stays
        raw = b""
    if hashlib.sha256(raw).hexdigest() != one.sha256:
        _log.error("reference_file_bad", kind=one.kind, version=one.version)
        return None
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return Layer(one.kind, one.version, {name: arrays[name] for name in arrays})
