"""RFC 9162 trees, checked against a direct reading of the recursive definition."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.audit import merkle

# The inputs and roots of Certificate Transparency's reference implementation.
VECTORS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243",
    "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = [merkle.leaf_hash(f"entry {n}".encode()) for n in range(1100)]


def defined_root(leaves):
    """MTH of RFC 9162 2.1.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


@cache
def node(level, index):
    if level == 0:
        return LEAVES[index]
    return merkle.node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))


@cache
def root(size):
    return defined_root(LEAVES[:size])


def test_roots_equal_the_reference_vectors():
    frontier = merkle.Frontier()
    for data, expected in zip(VECTORS, ROOTS, strict=True):
        frontier.add(merkle.leaf_hash(data))
        assert frontier.root().hex() == expected
    assert merkle.Frontier().root().hex().startswith("e3b0c44298fc1c14")


@pytest.mark.parametrize("size", [*range(1, 131), 255, 256, 257, 1023, 1024, 1025])
def test_stored_nodes_and_frontier_give_the_defined_root(size):
    frontier = merkle.Frontier()
    frontier.extend(LEAVES[:size])
    assert merkle.root(size, node) == frontier.root() == root(size)
    rebuilt = merkle.Frontier()
    for level, index in merkle.prefix_nodes(size):
        rebuilt.add(node(level, index), level)
    assert (rebuilt.root(), rebuilt.size) == (root(size), size)


def test_every_leaf_of_every_small_tree_proves_its_inclusion():
    for size in range(1, 131):
        for index in range(size):
            path = merkle.inclusion_proof(index, size, node)
            assert merkle.verify_inclusion(LEAVES[index], index, size, path, root(size))
            assert len(path) <= (size - 1).bit_length()


def test_every_pair_of_small_trees_proves_its_consistency():
    for new in range(131):
        for old in range(new + 1):
            path = merkle.consistency_proof(old, new, node)
            assert merkle.verify_consistency(old, new, root(old), root(new), path)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 1025), st.data())
def test_larger_trees_prove_both(size, data):
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(index, size, node)
    assert merkle.verify_inclusion(LEAVES[index], index, size, path, root(size))
    old = data.draw(st.integers(0, size))
    path = merkle.consistency_proof(old, size, node)
    assert merkle.verify_consistency(old, size, root(old), root(size), path)


def forgeries(path, rng):
    """Paths that a forger would try: shorter, longer, swapped, with one bit changed."""
    yield [*path, path[-1] if path else LEAVES[0]]
    if path:
        yield path[:-1]
        yield path[1:]
        at = rng.randrange(len(path))
        changed = bytearray(path[at])
        changed[rng.randrange(32)] ^= 1 << rng.randrange(8)
        yield [*path[:at], bytes(changed), *path[at + 1 :]]
    if len(path) > 1:
        yield path[::-1]


@settings(max_examples=300, deadline=None)
@given(st.integers(2, 1025), st.randoms(use_true_random=False))
def test_forged_inclusion_proofs_fail(size, rng):
    index = rng.randrange(size)
    path = merkle.inclusion_proof(index, size, node)
    top = root(size)
    for forged in forgeries(path, rng):
        assert not merkle.verify_inclusion(LEAVES[index], index, size, forged, top)
    other = (index + 1) % size
    assert not merkle.verify_inclusion(LEAVES[other], index, size, path, top)
    assert not merkle.verify_inclusion(LEAVES[index], other, size, path, top)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, path, root(size - 1))
    assert not merkle.verify_inclusion(LEAVES[index], size, size, path, top)
    assert not merkle.verify_inclusion(LEAVES[index], -1, size, path, top)


@settings(max_examples=300, deadline=None)
@given(st.integers(3, 1025), st.randoms(use_true_random=False))
def test_forged_consistency_proofs_fail(new, rng):
    old = rng.randrange(1, new)
    path = merkle.consistency_proof(old, new, node)
    for forged in forgeries(path, rng):
        assert not merkle.verify_consistency(old, new, root(old), root(new), forged)
    rewritten = merkle.node_hash(root(old), root(old))
    assert not merkle.verify_consistency(old, new, rewritten, root(new), path)
    assert not merkle.verify_consistency(old, new, root(old), rewritten, path)
    assert not merkle.verify_consistency(new, old, root(new), root(old), path)


def test_a_node_never_passes_as_a_leaf():
    """The second preimage: two leaves' parent offered as one entry."""
    pair = LEAVES[0] + LEAVES[1]
    assert merkle.leaf_hash(pair) != node(1, 0)
    path = merkle.inclusion_proof(0, 4, node)[1:]
    assert not merkle.verify_inclusion(merkle.leaf_hash(pair), 0, 2, path, root(4))


def test_proofs_of_nothing_are_refused():
    with pytest.raises(ValueError, match="not in the tree"):
        merkle.inclusion_proof(4, 4, node)
    with pytest.raises(ValueError, match="larger"):
        merkle.consistency_proof(5, 4, node)
    assert not merkle.verify_consistency(1, 2, root(1), root(2), [])


def test_a_subtree_must_lie_on_its_own_boundary():
    frontier = merkle.Frontier()
    frontier.add(LEAVES[0])
    with pytest.raises(ValueError, match="multiple"):
        frontier.add(node(1, 0), level=1)


def test_large_tree_by_subtrees_equals_tree_by_leaves():
    whole = merkle.Frontier()
    whole.extend(LEAVES[:1025])
    for level in (3, 5, 8):
        parts = merkle.Frontier()
        width = 1 << level
        for start in range(0, 1025 - width + 1, width):
            parts.add(node(level, start // width), level)
        parts.extend(LEAVES[parts.size : 1025])
        assert parts.root() == whole.root()
