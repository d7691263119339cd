"""The log's keys, derived from KYCRISK_LOG_SIGNING_KEY; none is in the database."""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def mac_key() -> bytes:
    """Return the key under which the application marks its entries (32 bytes)."""
    return _derive(settings.KYCRISK_LOG_SIGNING_KEY, b"kycrisk audit mac v1")


def signing_key() -> Ed25519PrivateKey:
    seed = _derive(settings.KYCRISK_LOG_SIGNING_KEY, b"kycrisk audit checkpoint v1")
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=8)
def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
