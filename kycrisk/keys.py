"""Secrets: from the environment, else made once in KYCRISK_HOME/keys (0600)."""

import base64
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Keyring:
    """Read secrets by name; `invent` allows making a missing one."""

    folder: Path
    invent: bool

    def text(self, name: str, *, length: int) -> str:
        """Return a printable secret of at least `length` characters."""
        value = os.environ.get(name) or self._stored(name, length)
        if len(value) < length:
            raise ImproperlyConfigured(
                f"{name} has {len(value)} characters; give at least {length}."
            )
        return value

    def secret(self, name: str) -> bytes:
        """Return 32 bytes; the variable holds them in base64."""
        return self._bytes(name, os.environ.get(name) or self._stored(name, 32))

    def secrets(self, name: str) -> dict[str, bytes]:
        """Return {key version: 32 bytes}; the newest version comes first.

        The variable holds `version:base64` entries, separated by commas.
        """
        raw = os.environ.get(name)
        if not raw:
            return {"1": self.secret(name)}
        entries = [entry.partition(":") for entry in raw.split(",")]
        return {version: self._bytes(name, value) for version, _, value in entries}

    def _stored(self, name: str, length: int) -> str:
        path = self.folder / name
        if path.exists():
            return path.read_text().strip()
        if not self.invent:
            raise ImproperlyConfigured(
                f"{name} is missing; production never invents a secret. Set it in"
                f" the environment (32 random bytes in base64)."
            )
        return self._make(path, length)

    def _make(self, path: Path, length: int) -> str:
        """Write a new secret, or read the one that a concurrent process wrote."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        value = base64.b64encode(secrets.token_bytes(max(length, 32))).decode()
        # A name that no other thread or process has, and mode 0600 from its first byte.
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=self.folder)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(value)
            path.hardlink_to(draft)
        except FileExistsError:
            value = path.read_text().strip()
        finally:
            draft.unlink()
        return value

    @staticmethod
    def _bytes(name: str, value: str) -> bytes:
        try:
            raw = base64.b64decode(value, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is not base64.") from error
        if len(raw) < 32:  # noqa: PLR2004 - a key of 256 bits
            raise ImproperlyConfigured(f"{name} holds {len(raw)} bytes; give 32.")
        return raw[:32]
