"""Everything a sketch depends on, derived from one secret of the provider."""

import hmac
from dataclasses import dataclass, field
from typing import Final, Self

MINIMA: Final = 16
MIN_SECRET: Final = 16  # bytes
_LABEL: Final = b"kycrisk-sketch-1/"
_WORD: Final = 8


@dataclass(frozen=True, slots=True)
class SketchKey:
    """Numbers and subkeys of the sketches; see docs/reference/sketches.md."""

    byte_base: int = field(repr=False)  # odd: the base of the digest of a token
    token_base: int = field(repr=False)  # odd: the base of the digest of a shingle
    mask: int = field(repr=False)  # the digest that stands for masked-out text
    shingle: tuple[int, int] = field(repr=False)  # SipHash key
    minima: tuple[int, ...] = field(repr=False)  # 16 odd multipliers
    scaffold: bytes = field(repr=False)
    params: bytes = field(repr=False)
    schema: bytes = field(repr=False)
    tools: bytes = field(repr=False)

    @classmethod
    def derive(cls, secret: bytes) -> Self:
        """Derive all of it with HMAC-SHA256; a secret has at least 16 bytes."""
        if len(secret) < MIN_SECRET:
            raise ValueError(f"A sketch secret has at least {MIN_SECRET} bytes.")
        tokens = _words(secret, "tokens")
        shingle = _words(secret, "shingles")
        multipliers = (_words(secret, f"minima/{at}")[0] | 1 for at in range(MINIMA))
        return cls(
            byte_base=tokens[0] | 1,
            token_base=tokens[1] | 1,
            mask=tokens[2],
            shingle=(shingle[0], shingle[1]),
            minima=tuple(multipliers),
            scaffold=_derived(secret, "scaffold"),
            params=_derived(secret, "params"),
            schema=_derived(secret, "schema"),
            tools=_derived(secret, "tools"),
        )


def _derived(secret: bytes, name: str) -> bytes:
    return hmac.digest(secret, _LABEL + name.encode(), "sha256")


def _words(secret: bytes, name: str) -> list[int]:
    """Return the derived 32 bytes as four little-endian numbers."""
    raw = _derived(secret, name)
    return [
        int.from_bytes(raw[at : at + _WORD], "little")
        for at in range(0, len(raw), _WORD)
    ]
