"""The starter's files, read only if they are those that the code was shipped with.

`pins` holds the SHA-256 of each manifest, and a manifest that of its text. A site signs
what it takes from here with its own key, and from then on trusts that signature alone.
"""

import hashlib
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from ml import manifest as manifests
from ml.finish import golden
from ml.manifest import ModelFileError
from ml.model import TOLERANCE, RiskModel
from ml.provenance import libraries
from ml.starter.pins import MANIFESTS

FOLDER: Final = Path(__file__).parent
KINDS: Final = tuple(MANIFESTS)
REBUILD: Final = "manage.py build_starter DIR"


def shipped(kind: str, *, catalogue: str, folder: Path = FOLDER) -> RiskModel:
    """Return the shipped model of a kind; nothing is parsed before its hash fits.

    Raise ModelFileError where a file was changed, or where the model learnt from
    another feature catalogue than `catalogue`.
    """
    raw = _content(folder / f"{kind}.json")
    _require(raw, MANIFESTS[kind], f"{kind}.json")
    manifest = manifests.parse(raw)
    text = _content(folder / f"{kind}.txt")
    _require(text, manifest.text_sha256, f"{kind}.txt")
    if manifest.catalogue != catalogue:
        raise ModelFileError(
            "model_schema_mismatch",
            f"The {kind} starter learnt from feature catalogue {manifest.catalogue},"
            f" the code has {catalogue}; rebuild it with {REBUILD}.",
        )
    return RiskModel(manifest, text)


def at_home(model: RiskModel) -> RiskModel:
    """Return a shipped model with its golden answers as this machine gives them.

    Another processor may differ in the last bit, and a site compares every bit. Raise
    ModelFileError where an answer differs by more than that.
    """
    told, mine = model.manifest.golden, golden(model)
    same = np.allclose(told.margins, mine.margins, rtol=0.0, atol=TOLERANCE)
    if told.rows != mine.rows or not same:
        raise ModelFileError(
            "model_probe_failed", "The starter does not give its golden answers."
        )
    manifest = msgspec.structs.replace(
        model.manifest, golden=mine, libraries=libraries()
    )
    return RiskModel(manifest, model.text)


def write(models: dict[str, RiskModel], folder: Path = FOLDER) -> None:
    """Write models and their pins; they belong into one commit."""
    lines = []
    for kind, model in sorted(models.items()):
        raw = manifests.canonical(model.manifest)
        (folder / f"{kind}.json").write_bytes(raw)
        (folder / f"{kind}.txt").write_bytes(model.text)
        lines.append(f'    "{kind}": "{hashlib.sha256(raw).hexdigest()}",\n')
    (folder / "pins.py").write_text(
        f'"""SHA-256 of the shipped manifests; written by {REBUILD}."""\n\n'
        "from collections.abc import Mapping\nfrom typing import Final\n\n"
        f"MANIFESTS: Final[Mapping[str, str]] = {{\n{''.join(lines)}}}\n"
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError("model_missing", f"{path.name} cannot be read.") from error


def _require(content: bytes, sha256: str, name: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelFileError(
            "model_hash_mismatch", f"{name} is not the file that was shipped."
        )
