"""From streams of token digests to shingles, minima and SimHash, in columns."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kycrisk_client.sketches.keys import SketchKey
from kycrisk_client.sketches.tokens import Places, Words

SHINGLE: Final = 5  # tokens
_BLOCK: Final = 16_384  # numbers at a time: the working set stays in the cache
_LANES: Final = np.uint64(0x0001_0001_0001_0001)  # four counters of 16 bits
_LANE_BITS: Final = 16
_MAGIC: Final = (
    0x736F6D6570736575,
    0x646F72616E646F6D,
    0x6C7967656E657261,
    0x7465646279746573,
)


def shingles(tokens: Words, bounds: Places, key: SketchKey) -> tuple[Words, Places]:
    """Return the keyed hashes of the 5-token shingles, and where each stream starts.

    A stream of one to four tokens has one shingle: all of it. One of none has none.
    """
    base = np.uint64(key.token_base)
    sums = np.zeros(len(tokens), dtype=np.uint64)
    for shift in reversed(range(SHINGLE)):
        sums *= base
        sums[: max(len(tokens) - shift, 0)] += tokens[shift:]
    whole = np.ones(len(tokens), dtype=bool)
    starts, ends = bounds[:-1], bounds[1:]
    for shift in range(1, SHINGLE):
        whole[np.maximum(ends - shift, 0)[ends > 0]] = False
    sizes = ends - starts
    few = (sizes > 0) & (sizes < SHINGLE)
    short = starts[few]
    sums[short] = _short_sums(tokens, short, sizes[few], base)
    whole[short] = True
    counts = np.where(sizes > 0, np.maximum(sizes - SHINGLE + 1, 1), 0)
    return siphash(sums[whole], key.shingle), np.append(0, np.cumsum(counts))


def _short_sums(tokens: Words, starts: Places, sizes: Places, base: np.uint64) -> Words:
    found = np.zeros(len(starts), dtype=np.uint64)
    for shift in reversed(range(SHINGLE - 1)):
        some = tokens[np.minimum(starts + shift, len(tokens) - 1)]
        found = found * base + np.where(shift < sizes, some, np.uint64(0))
    return found


def minima(hashes: Words, bounds: Places, key: SketchKey) -> NDArray[np.uint32]:
    """Return uint32 [streams, 16]; each stream has at least one hash."""
    found = np.empty((len(bounds) - 1, len(key.minima)), dtype=np.uint32)
    mixed = np.empty_like(hashes)
    for at, factor in enumerate(key.minima):
        np.multiply(hashes, np.uint64(factor), out=mixed)
        found[:, at] = np.minimum.reduceat(mixed, bounds[:-1]) >> np.uint64(32)
    return found


def simhash(hashes: Words, bounds: Places) -> Words:
    """Return the 64-bit SimHash of each stream: a bit that more than half have."""
    half = np.diff(bounds).astype(np.uint64)
    found = np.zeros(len(half), dtype=np.uint64)
    lanes = np.empty_like(hashes)
    for bit in range(_LANE_BITS):
        np.right_shift(hashes, np.uint64(bit), out=lanes)
        np.bitwise_and(lanes, _LANES, out=lanes)
        counts = np.add.reduceat(lanes, bounds[:-1])
        for lane in range(0, 64, _LANE_BITS):
            count = (counts >> np.uint64(lane)) & np.uint64(0xFFFF)
            ones = (count * np.uint64(2) > half).astype(np.uint64)
            found |= ones << np.uint64(lane + bit)
    return found


def siphash(words: Words, key: tuple[int, int]) -> Words:
    """Return SipHash-1-3 of each number as eight little-endian bytes."""
    found = np.empty_like(words)
    for at in range(0, len(words), _BLOCK):
        found[at : at + _BLOCK] = _siphash(words[at : at + _BLOCK], key)
    return found


def _siphash(words: Words, key: tuple[int, int]) -> Words:
    v0, v1, v2, v3 = (
        np.full(len(words), key[at % 2] ^ magic, dtype=np.uint64)
        for at, magic in enumerate(_MAGIC)
    )
    spare = np.empty_like(words)
    v3 ^= words
    _round(v0, v1, v2, v3, spare)
    v0 ^= words
    tail = np.uint64(8 << 56)  # the length of the message, in the last byte
    v3 ^= tail
    _round(v0, v1, v2, v3, spare)
    v0 ^= tail
    v2 ^= np.uint64(0xFF)
    for _ in range(3):
        _round(v0, v1, v2, v3, spare)
    v0 ^= v1
    v2 ^= v3
    v0 ^= v2
    return v0


def _round(v0: Words, v1: Words, v2: Words, v3: Words, spare: Words) -> None:
    v0 += v1
    _rotate(v1, 13, spare)
    v1 ^= v0
    _rotate(v0, 32, spare)
    v2 += v3
    _rotate(v3, 16, spare)
    v3 ^= v2
    v0 += v3
    _rotate(v3, 21, spare)
    v3 ^= v0
    v2 += v1
    _rotate(v1, 17, spare)
    v1 ^= v2
    _rotate(v2, 32, spare)


def _rotate(words: Words, bits: int, spare: Words) -> None:
    np.right_shift(words, np.uint64(64 - bits), out=spare)
    np.left_shift(words, np.uint64(bits), out=words)
    np.bitwise_or(words, spare, out=words)
