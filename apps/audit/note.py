"""Checkpoints as signed notes (C2SP tlog-checkpoint and signed-note, Ed25519)."""

import base64
import hashlib
from binascii import Error as BadBase64Error
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ED25519 = b"\x01"
_MARK = "\u2014 "  # a signature line starts with an em dash and a space


class BadNoteError(ValueError):
    """A note that is malformed, or that the expected key did not sign."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        encoded = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{encoded}\n"


def verifier_key(origin: str, public: Ed25519PublicKey) -> str:
    """Return the key as verifiers take it: name+hash+base64(algorithm, key)."""
    raw = _ED25519 + _raw(public)
    return (
        f"{origin}+{_key_hash(origin, public).hex()}+{base64.b64encode(raw).decode()}"
    )


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the signed note; equal checkpoints give equal notes."""
    text = checkpoint.text()
    blob = _key_hash(checkpoint.origin, key.public_key()) + key.sign(text.encode())
    line = f"{_MARK}{checkpoint.origin} {base64.b64encode(blob).decode()}\n"
    return f"{text}\n{line}"


def verify(note: str, *, origin: str, public: Ed25519PublicKey) -> Checkpoint:
    """Return the checkpoint of a note that `public` signed; else BadNoteError."""
    body, separator, lines = note.partition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise BadNoteError("the note has no signature part")
    checkpoint = _parse(f"{body}\n", origin)
    wanted = _key_hash(origin, public)
    for line in lines.splitlines():
        blob = _signature(line, origin)
        if blob[:4] == wanted:
            _check(public, blob[4:], checkpoint.text())
            return checkpoint
    raise BadNoteError("no signature of the log's own key")


def _parse(text: str, origin: str) -> Checkpoint:
    try:
        name, size, encoded = text.removesuffix("\n").split("\n")
        checkpoint = Checkpoint(
            name, int(size), base64.b64decode(encoded, validate=True)
        )
    except (ValueError, BadBase64Error) as error:
        raise BadNoteError("the note is not a checkpoint of three lines") from error
    # Only one spelling of a number or of base64 counts.
    if checkpoint.text() != text or name != origin:
        raise BadNoteError("the note is not in canonical form, or of another log")
    return checkpoint


def _signature(line: str, origin: str) -> bytes:
    if not line.startswith(_MARK):
        raise BadNoteError("a signature line lacks its mark")
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    if name != origin:
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (ValueError, BadBase64Error) as error:
        raise BadNoteError("a signature is not base64") from error


def _check(public: Ed25519PublicKey, signature: bytes, text: str) -> None:
    try:
        public.verify(signature, text.encode())
    except InvalidSignature as error:
        raise BadNoteError("the signature does not fit the checkpoint") from error


def _key_hash(origin: str, public: Ed25519PublicKey) -> bytes:
    preimage = origin.encode() + b"\n" + _ED25519 + _raw(public)
    return hashlib.sha256(preimage).digest()[:4]


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
