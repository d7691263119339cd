"""Randomness: named streams of one seed, and keyed hashes that give things names."""

import zlib
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Columns: TypeAlias = dict[str, NDArray[Any]]
Numbers: TypeAlias = NDArray[np.float64]
Keys: TypeAlias = NDArray[np.uint64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_PAIRS: Final = np.frombuffer(
    "".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16
)


@dataclass(frozen=True, slots=True)
class Seeds:
    """The seed of a world. The same name gives the same stream, whatever ran before."""

    seed: int

    def rng(self, *names: str | int) -> np.random.Generator:
        words = [self.seed, *(zlib.crc32(str(name).encode()) for name in names)]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))

    def key(self, *names: str | int) -> int:
        """Return a 64-bit key for `mix`."""
        return int(self.rng("key", *names).integers(0, 2**63))

    def apart(self, name: str) -> "Seeds":
        """Return seeds of their own for what is added beside a world."""
        return Seeds(self.key("apart", name))

    def jitter(self, name: str, value: float, spread: float = 0.3) -> float:
        """Move a published constant, so that no detector can rely on it."""
        return value * float(self.rng("jitter", name).uniform(1 - spread, 1 + spread))


def mix(*parts: NDArray[Any] | int) -> Keys:
    """Hash integers to 64 bits, elementwise (a chain of splitmix64); broadcasts."""
    state = np.zeros(1, np.uint64)
    for part in parts:
        word = np.atleast_1d(np.asarray(part)).astype(np.uint64)
        state = state + word
        state += _GOLDEN
        state ^= state >> np.uint64(30)
        state *= _FIRST
        state ^= state >> np.uint64(27)
        state *= _SECOND
        state ^= state >> np.uint64(31)
    return state


def uniform(keys: Keys) -> Numbers:
    """Map hashes to [0, 1)."""
    return (keys >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(keys: Keys, bound: NDArray[Any] | int) -> NDArray[np.int64]:
    """Map hashes to integers in [0, bound)."""
    return (uniform(keys) * np.asarray(bound)).astype(np.int64)


def hex_bytes(keys: Keys, prefix: str = "") -> NDArray[np.uint8]:
    """Return ASCII [n, len(prefix) + 16]: the prefix and 16 hexadecimal digits."""
    wide = len(prefix) + 16
    text = np.empty((len(keys), wide), np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    pairs = _PAIRS[keys.astype(">u8").view(np.uint8)]
    text[:, len(prefix) :] = pairs.view(np.uint8).reshape(-1, 16)
    return text


def names_of(keys: Keys, prefix: str = "") -> NDArray[np.str_]:
    """Return the same as text, [n] of equal length."""
    digits = np.ascontiguousarray(hex_bytes(keys, prefix))
    return digits.view(f"S{digits.shape[1]}").ravel().astype(str)


def pick(
    rng: np.random.Generator, n: int, choices: dict[str, float]
) -> NDArray[np.object_]:
    """Draw n of the named choices by weight."""
    weights = np.fromiter(choices.values(), float)
    names = np.array(list(choices), dtype=object)
    return names[rng.choice(len(names), n, p=weights / weights.sum())]


def some(
    rng: np.random.Generator, values: NDArray[Any], share: float
) -> NDArray[np.object_]:
    """Keep a random share of the values; the rest become null."""
    return kept(rng.random(len(values)) < share, values.astype(object))


def kept(given: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[np.object_]:
    """Return the values where given, null elsewhere."""
    found = values.astype(object)
    found[~given] = None
    return found
