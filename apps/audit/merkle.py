"""The Merkle tree of RFC 9162, section 2.1: hashes, proofs and their checks.

A tree over leaves 0..n-1 is read through `node(level, index)`: the hash of the complete
subtree over leaves [index << level, (index + 1) << level). Only such hashes are
stored; everything on the ragged right edge is computed from them.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

Hash = bytes
Node = Callable[[int, int], Hash]

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(body: bytes) -> Hash:
    """Hash an entry; the prefix keeps a leaf from ever passing as a node."""
    return hashlib.sha256(_LEAF + body).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    return hashlib.sha256(_NODE + left + right).digest()


def _split(count: int) -> int:
    """Return the largest power of two below `count` (count >= 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(start: int, end: int, node: Node) -> Hash:
    """Hash leaves [start, end); start is a multiple of the next power of two."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(_subtree(start, middle, node), _subtree(middle, end, node))


def root(size: int, node: Node) -> Hash:
    return _subtree(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[Hash]:
    """Return the path from leaf `index` to the root of the first `size` leaves."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    path: list[Hash] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[Hash]:
    """Return the proof that the tree of `old` leaves is a prefix of that of `new`."""
    if not 0 <= old <= new:
        raise ValueError("the older tree is larger than the newer")
    if old in {0, new}:
        return []
    path: list[Hash] = []
    start, end, complete = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start, complete = middle, False
    if not complete:
        path.append(_subtree(start, end, node))
    return path[::-1]


def verify_inclusion(
    leaf: Hash, index: int, size: int, path: Sequence[Hash], expected: Hash
) -> bool:
    """Check an inclusion proof as RFC 9162 2.1.3.2 says."""
    if not 0 <= index < size:
        return False
    at, last, running = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            running = node_hash(sibling, running)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and running == expected


def verify_consistency(
    old: int, new: int, old_root: Hash, new_root: Hash, path: Sequence[Hash]
) -> bool:
    """Check a consistency proof as RFC 9162 2.1.4.2 says; size 0 is a prefix of all."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    return _climb(old, new, (old_root, new_root), list(path))


def _climb(old: int, new: int, roots: tuple[Hash, Hash], path: list[Hash]) -> bool:
    if old & (old - 1) == 0:
        path.insert(0, roots[0])
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (first, second) == roots


class Frontier:
    """The complete subtrees of a growing tree: root in O(log n) memory."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, Hash]] = []  # (level, hash), highest first

    def add(self, hashed: Hash, level: int = 0) -> None:
        """Append a leaf, or a complete subtree of 2**level leaves, on the right.

        Raises ValueError if a subtree does not start at a multiple of its size.
        """
        if self.size & ((1 << level) - 1):
            raise ValueError("a subtree must start at a multiple of its size")
        self.size += 1 << level
        while self._peaks and self._peaks[-1][0] == level:
            hashed = node_hash(self._peaks.pop()[1], hashed)
            level += 1
        self._peaks.append((level, hashed))

    def extend(self, leaves: Iterable[Hash]) -> None:
        for leaf in leaves:
            self.add(leaf)

    def peaks(self) -> list[tuple[int, Hash]]:
        return list(self._peaks)

    def root(self) -> Hash:
        if not self._peaks:
            return EMPTY_ROOT
        running = self._peaks[-1][1]
        for _, hashed in reversed(self._peaks[:-1]):
            running = node_hash(hashed, running)
        return running


def prefix_nodes(size: int) -> list[tuple[int, int]]:
    """Return (level, index) of the complete subtrees that make up a tree, in order."""
    return [
        (level, (size >> level) - 1)
        for level in range(size.bit_length() - 1, -1, -1)
        if size >> level & 1
    ]
