"""SCRAM-SHA-256 verifiers (RFC 5803), so that no clear password reaches the server."""

import base64
import hashlib
import hmac
import secrets

_ROUNDS = 4096


def verifier(password: str, *, salt: bytes | None = None) -> str:
    """Return the text that PostgreSQL stores for an ASCII password."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ROUNDS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ROUNDS}:{texts[0]}${texts[1]}:{texts[2]}"
