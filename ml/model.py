"""A risk model: LightGBM trees under a signed manifest, and exact contributions.

The trees never see a missing value. Each NaN is replaced by the feature's `fill`, the
value of a typical honest account, so withholding a fact can never lower or raise a
score below or above what the typical value gives.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from numpy.typing import NDArray

from ml import manifest as manifests
from ml.frames import FeatureFrame
from ml.manifest import Manifest, ModelFileError
from ml.provenance import libraries

Floats = NDArray[np.float64]

TOLERANCE: Final = 1e-9  # log-odds; |sum of contributions - margin|
PROBE_SECONDS: Final = 120  # importing LightGBM cold on a busy machine takes 10
PROBED_FILE: Final = "probed.json"
BULK_ROWS: Final = 512


class ContributionError(Exception):
    """The parts do not add up to the margin; the answer must not be used."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the caller needs a model to be; None means any."""

    kind: str | None = None
    sha256: str | None = None
    catalogue: str | None = None
    directions: Mapping[str, int] | None = None  # of every feature that exists


@dataclass(frozen=True, slots=True)
class Prediction:
    """margins: float64 [n], log-odds; contributions: float64 [n, features + 1].

    The last contribution is the base: the mean margin over the accounts that each tree
    was grown on (a prior's, where it goes on from one). missing: bool [n, features].
    """

    margins: Floats
    contributions: Floats
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class RiskModel:
    """Trees and manifest.

    Build it with `ml.train.train` or `load`, never from bytes that were not checked:
    the parser of the text is not safe.
    """

    manifest: Manifest
    text: bytes

    @cached_property
    def _booster(self) -> Any:
        # lightgbm takes seconds to import, and most processes never predict
        import lightgbm

        return lightgbm.Booster(model_str=self.text.decode())

    @property
    def tree_names(self) -> tuple[str, ...]:
        """The inputs as the trees themselves name them, in order."""
        return tuple(self._booster.feature_name())

    @cached_property
    def names(self) -> tuple[str, ...]:
        return self.manifest.names

    @cached_property
    def _fills(self) -> Floats:
        return np.array([feature.fill for feature in self.manifest.features])

    def values(self, frame: FeatureFrame) -> Floats:
        """Return the frame's columns in this model's order: float64 [n, features].

        Raise ModelFileError where the frame comes from another catalogue.
        """
        if frame.catalogue != self.manifest.catalogue:
            raise ModelFileError(
                "model_schema_mismatch",
                f"The model learnt from feature catalogue {self.manifest.catalogue},"
                f" the values come from {frame.catalogue}.",
            )
        return frame.select(self.names)

    def fill(self, values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Replace what is missing; return the full values and where they were not."""
        missing = ~np.isfinite(values)
        return np.where(missing, self._fills, values), missing

    def predict(self, values: Floats) -> Prediction:
        """Return margins and contributions of `values`, float64 [n, features].

        The same bits for one row and for many. Raise ContributionError where a sum
        is off by more than 1e-9.
        """
        full, missing = self.fill(np.ascontiguousarray(values, dtype=np.float64))
        if not len(full):
            width = len(self.names) + 1
            return Prediction(np.empty(0), np.empty((0, width)), missing)
        threads = 1 if len(full) < BULK_ROWS else 2
        margins = self._booster.predict(full, raw_score=True, num_threads=threads)
        parts = self._booster.predict(full, pred_contrib=True, num_threads=threads)
        check_sums(parts, margins)
        return Prediction(margins, parts, missing)

    def margins(self, values: Floats) -> Floats:
        """Return the margins alone, float64 [n], with the bits that `predict` gives."""
        full, _ = self.fill(np.ascontiguousarray(values, dtype=np.float64))
        if not len(full):
            return np.empty(0)
        threads = 1 if len(full) < BULK_ROWS else 2
        margins: Floats = self._booster.predict(
            full, raw_score=True, num_threads=threads
        )
        return margins

    def save(self, folder: Path, key: Ed25519PrivateKey) -> None:
        """Write text, manifest and signature into a new folder."""
        manifests.write(folder, self.manifest, self.text, key)


def row_sums(parts: Floats) -> Floats:
    """Add up columns from left to right, so that n rows have the bits of one."""
    total = np.zeros(len(parts))
    for column in range(parts.shape[1]):
        total = total + parts[:, column]
    return total


def check_sums(parts: Floats, margins: Floats) -> None:
    """Raise ContributionError unless each row of parts adds up to its margin."""
    gap = np.abs(row_sums(parts) - margins)
    if not np.all(gap <= TOLERANCE):
        raise ContributionError(
            f"Contributions miss the margin by up to {gap.max():.3g} log-odds."
        )


def load(
    folder: Path, *, expected: Expected, public_key: Ed25519PublicKey
) -> RiskModel:
    """Load a model that is signed, is what the caller expects, and answers as promised.

    Raise ModelFileError, with the code of the first check that failed, before the
    parser has seen anything. A text that was never parsed on this machine by this
    LightGBM is first parsed in a process that may die.
    """
    manifest, text = manifests.read(folder, public_key)
    check_expected(manifest, expected)
    probe_once(folder, manifest, text)
    model = RiskModel(manifest, text)
    check_golden(model)
    return model


def check_expected(manifest: Manifest, expected: Expected) -> None:
    """Raise ModelFileError where the manifest is not what the caller needs."""
    for name, wanted, found in (
        ("kind", expected.kind, manifest.kind),
        ("sha256", expected.sha256, manifest.text_sha256),
        ("catalogue", expected.catalogue, manifest.catalogue),
    ):
        if wanted is not None and wanted != found:
            raise ModelFileError(
                "model_schema_mismatch", f"The model's {name} is {found}, not {wanted}."
            )
    if expected.directions is None:
        return
    wrong = [
        feature.name
        for feature in manifest.features
        if expected.directions.get(feature.name) != feature.direction
    ]
    if wrong:
        raise ModelFileError(
            "model_schema_mismatch",
            f"The catalogue lacks or has turned: {', '.join(wrong)}.",
        )


def check_golden(model: RiskModel) -> None:
    """Raise ModelFileError unless trees and manifest agree to the last bit.

    LightGBM checks the width of its input alone; order is checked here by name.
    """
    if model.tree_names != model.names:
        raise ModelFileError(
            "model_schema_mismatch", "Trees and manifest name other features."
        )
    golden = model.manifest.golden
    answer = model.predict(np.array(golden.rows, dtype=np.float64))
    same = np.array_equal(answer.margins, np.array(golden.margins)) and np.array_equal(
        answer.contributions, np.array(golden.contributions)
    )
    if not same:
        raise ModelFileError(
            "model_probe_failed", "The model does not give its golden answers."
        )


def probe_once(folder: Path, manifest: Manifest, text: bytes) -> None:
    """Parse and ask the model in a throw-away process, once for each text and library.

    The note left behind is not signed: it spares a second probe of a text whose
    signature is checked at each load, and can do no more than that.
    """
    note = {"sha256": manifest.text_sha256, "libraries": libraries()}
    path = folder / PROBED_FILE
    if path.is_file() and path.read_bytes() == json.dumps(note).encode():
        return
    raw = manifests.canonical(manifest)
    head = f"{len(raw)} {len(text)} {hashlib.sha256(text).hexdigest()}\n".encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ml.probe"],
            input=head + raw + text,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
            cwd=Path(__file__).resolve().parent.parent,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelFileError("model_probe_failed", "The probe hung.") from error
    if done.returncode != 0:
        raise ModelFileError(
            "model_probe_failed", f"The probe ended with {done.returncode}."
        )
    path.write_bytes(json.dumps(note).encode())
