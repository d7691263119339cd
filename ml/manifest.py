"""What a model is, said in JSON beside its text, and the proof that nobody changed it.

A model is a folder of three files: `model.txt` (LightGBM), `manifest.json`
(canonical JSON, RFC 8785) and `manifest.sig` (Ed25519 over the manifest's bytes, in
hex). The manifest holds the SHA-256 of the text, so one signature covers both.
LightGBM's parser kills the process on many damaged files and silently accepts others,
so nothing here lets it see a byte that is not signed.
"""

import hashlib
import os
import stat
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ml.calibrate import Calibration

TEXT_FILE: Final = "model.txt"
MANIFEST_FILE: Final = "manifest.json"
SIGNATURE_FILE: Final = "manifest.sig"
MAX_TEXT: Final = 64 * 1024 * 1024
MAX_MANIFEST: Final = 8 * 1024 * 1024


# How far a model has come to know the site that uses it: learnt from simulated worlds
# alone; read by this site's random audits or labels; learnt from its own labels.
Adaptation = Literal["starter", "calibrated", "trained"]


class ModelFileError(Exception):
    """A model that must not be used. `code` is stable; the text is for a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class ModelFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input of the model.

    `fill` stands in for a missing value. `grid` holds the 0th to 100th percentile of
    the training accounts, for "higher than n % of accounts".
    """

    name: str
    direction: int
    fill: float
    grid: tuple[float, ...]


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Invented inputs and their exact answers: what a healthy load reproduces."""

    rows: tuple[tuple[float, ...], ...]
    margins: tuple[float, ...]
    contributions: tuple[tuple[float, ...], ...]


class Manifest(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Everything about a model but its trees."""

    kind: str
    columns: tuple[str, ...]  # of the catalogue: inputs and what is only recorded
    features: tuple[ModelFeature, ...]
    excluded: dict[str, str]  # feature -> why the model did not learn from it
    catalogue: str
    calibration: Calibration
    text_sha256: str
    text_bytes: int
    cutoff: str  # RFC 3339: nothing known later was learnt
    seed: int
    data_digest: str
    code_digest: str
    libraries: dict[str, str]
    parameters: dict[str, float | int | str | bool]
    rows: dict[str, int]
    metrics: dict[str, Any]
    golden: Golden
    adaptation: Adaptation = "trained"
    prior: str = ""  # SHA-256 of the text that spoke for accounts without a label
    goes_on: bool = (
        False  # the first trees are the prior's; `parameters` are the rest's
    )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)


def canonical(manifest: Manifest) -> bytes:
    """Return the one spelling of a manifest, RFC 8785: what is signed."""
    return rfc8785.dumps(msgspec.to_builtins(manifest))


def parse(raw: bytes) -> Manifest:
    """Read a manifest; refuse unknown fields, wrong types and other spellings."""
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelFileError(
            "model_bad_manifest", "The manifest is not one."
        ) from error
    if canonical(manifest) != raw:
        raise ModelFileError("model_bad_manifest", "The manifest is not canonical.")
    return manifest


def signing_key(secret: bytes) -> Ed25519PrivateKey:
    """Derive the key that signs models from the installation's signing secret."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"kycrisk model manifest v1")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(secret))


def public_key(secret: bytes) -> Ed25519PublicKey:
    return signing_key(secret).public_key()


def write(
    folder: Path, manifest: Manifest, text: bytes, key: Ed25519PrivateKey
) -> None:
    """Write the three files; the folder appears complete or not at all."""
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    raw = canonical(manifest)
    for name, content in (
        (TEXT_FILE, text),
        (MANIFEST_FILE, raw),
        (SIGNATURE_FILE, key.sign(raw).hex().encode()),
    ):
        (draft / name).write_bytes(content)
    draft.rename(folder)


def read(folder: Path, key: Ed25519PublicKey) -> tuple[Manifest, bytes]:
    """Return manifest and text of a model folder, both proven to be as signed."""
    raw = _content(folder / MANIFEST_FILE, MAX_MANIFEST)
    signature = _content(folder / SIGNATURE_FILE, 128)
    try:
        key.verify(bytes.fromhex(signature.decode("ascii")), raw)
    except (InvalidSignature, ValueError) as error:
        raise ModelFileError(
            "model_bad_signature", "The manifest is not signed by this installation."
        ) from error
    manifest = parse(raw)
    text = _content(folder / TEXT_FILE, min(manifest.text_bytes, MAX_TEXT))
    if hashlib.sha256(text).hexdigest() != manifest.text_sha256:
        raise ModelFileError(
            "model_hash_mismatch", "The model's text is not the one that was signed."
        )
    return manifest, text


def _content(path: Path, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes; never follow a link or block."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ModelFileError(
            "model_missing", f"{path.name} cannot be opened."
        ) from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ModelFileError("model_missing", f"{path.name} is no regular file.")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ModelFileError(
            "model_hash_mismatch", f"{path.name} is longer than it should be."
        )
    return content
