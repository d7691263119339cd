"""Public ids: a prefix and a ULID, so that they sort by time and carry no meaning."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str, at: datetime) -> str:
    """Return `prefix_` and 26 characters: 48 bits of milliseconds, 80 random bits."""
    number = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    return f"{prefix}_{_base32(number)}"


def derived_id(prefix: str, digest: bytes) -> str:
    """Return an id that equal content always gets: 26 characters of a digest."""
    return f"{prefix}_{_base32(int.from_bytes(digest[:16], 'big'))}"


def _base32(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
