"""Webhooks as Standard Webhooks 1.0 signs them: verify before you believe."""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kycrisk_client.errors import SignatureError

_SECRET: Final = "whsec_"  # noqa: S105 - the prefix, not a secret
_PUBLIC: Final = "whpk_"


@dataclass(frozen=True, slots=True)
class Event:
    """A verified webhook: `type` such as "decision.effective", and its data.

    `stage` is "protective" or "final" for decisions: delete nothing before "final".
    """

    id: str
    type: str
    timestamp: str
    data: Mapping[str, Any]

    @property
    def stage(self) -> str | None:
        return self.data.get("stage")


def verify(
    *,
    body: bytes,
    headers: Mapping[str, str],
    keys: Sequence[str],
    tolerance_s: float = 300,
    now: float | None = None,
) -> Event:
    """Return the event of a delivery that one of `keys` signed; else SignatureError.

    Keys start with `whsec_` (HMAC-SHA256) or `whpk_` (ed25519); give two while one
    replaces the other. `body` must be the bytes as they came.
    """
    low = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp = low["webhook-id"], low["webhook-timestamp"]
        signatures = low["webhook-signature"].split()
        sent = int(stamp)
    except (KeyError, ValueError) as error:
        raise SignatureError("A header of the signature is missing or odd.") from error
    moment = time.time() if now is None else now
    if abs(moment - sent) > tolerance_s:
        raise SignatureError("The delivery is too old, or from the future.")
    signed = f"{message_id}.{stamp}.".encode() + body
    if not any(_fits(key, signed, one) for key in keys for one in signatures):
        raise SignatureError("No known key made this signature.")
    document = json.loads(body)
    return Event(
        message_id, document["type"], document["timestamp"], document.get("data", {})
    )


def _fits(key: str, signed: bytes, signature: str) -> bool:
    version, _, text = signature.partition(",")
    try:
        given = base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    if version == "v1" and key.startswith(_SECRET):
        secret = base64.b64decode(key.removeprefix(_SECRET))
        return hmac.compare_digest(hmac.digest(secret, signed, "sha256"), given)
    if version == "v1a" and key.startswith(_PUBLIC):
        return _fits_public(base64.b64decode(key.removeprefix(_PUBLIC)), signed, given)
    return False


def _fits_public(key: bytes, signed: bytes, given: bytes) -> bool:
    # Imported here: whoever uses shared secrets alone needs no cryptography.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(given, signed)
    except InvalidSignature:
        return False
    return True
