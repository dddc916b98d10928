"""The Merkle tree: the published vectors of RFC 6962, then every tree against another implementation."""

from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.evidence import merkle, verify

# The eight leaves and the roots that implementations of RFC 6962 share as test data.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def stored(leaf_hashes):
    """A `node` callable over a tree that was appended to leaf by leaf."""
    nodes = {(0, index): value for index, value in enumerate(leaf_hashes)}
    frontier = merkle.EMPTY
    for value in leaf_hashes:
        frontier, made = merkle.append(frontier, [value])
        nodes |= {(level, index): hash_ for level, index, hash_ in made}
    return lambda level, index: nodes[level, index]


def oracle(leaves):
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree


sizes = st.integers(min_value=1, max_value=130)
leaves_of = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size):
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("place", INCLUSION)
def test_the_published_inclusion_proofs(place):
    index, size = place
    proof = merkle.inclusion_proof(index, size, stored(HASHES))
    assert [value.hex() for value in proof] == INCLUSION[place]
    assert merkle.verify_inclusion(HASHES[index], index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize("pair", CONSISTENCY)
def test_the_published_consistency_proofs(pair):
    old, new = pair
    proof = merkle.consistency_proof(old, new, stored(HASHES))
    assert [value.hex() for value in proof] == CONSISTENCY[pair]
    assert merkle.verify_consistency(old, new, proof, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


@given(leaves_of)
def test_roots_agree_with_another_implementation(leaves):
    assert merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]) == oracle(leaves).get_root()


@given(leaves_of, st.data())
def test_another_implementation_accepts_our_inclusion_proofs(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    proof = merkle.inclusion_proof(index, len(leaves), stored(hashes))
    theirs = oracle(leaves).prove_inclusion(index + 1, len(leaves))
    assert [value.hex() for value in proof] == theirs.serialize()["path"][1:]
    assert merkle.verify_inclusion(hashes[index], index, len(leaves), proof, merkle.root(hashes))


@given(leaves_of, st.data())
def test_consistency_holds_between_all_sizes(leaves, data):
    old = data.draw(st.integers(0, len(leaves)))
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    proof = merkle.consistency_proof(old, len(leaves), stored(hashes))
    tree = oracle(leaves)
    if old:
        assert tree.get_root(old) == merkle.root(hashes[:old])
        pymerkle.verify_consistency(tree.get_root(old), tree.get_root(), tree.prove_consistency(old, len(leaves)))
    assert merkle.verify_consistency(old, len(leaves), proof, merkle.root(hashes[:old]), merkle.root(hashes))


@given(leaves_of, st.data())
def test_a_fork_has_no_consistency_proof(leaves, data):
    """Change a leaf of the old tree.

    Whatever proof the honest or the forked tree gives, it does not verify.
    """
    old = data.draw(st.integers(1, len(leaves)))
    changed = data.draw(st.integers(0, old - 1))
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    forked = [sha256(value).digest() if index == changed else value for index, value in enumerate(hashes)]
    for tree in (hashes, forked):
        proof = merkle.consistency_proof(old, len(leaves), stored(tree))
        assert not merkle.verify_consistency(old, len(leaves), proof, merkle.root(hashes[:old]), merkle.root(forked))


@given(sizes, st.data())
def test_a_changed_inclusion_proof_is_refused(size, data):
    hashes = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle.root(hashes), merkle.inclusion_proof(index, size, stored(hashes))
    assert not merkle.verify_inclusion(hashes[index], index, size, [*proof, bytes(32)], root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bent = [sha256(v).digest() if number == place else v for number, v in enumerate(proof)]
        assert not merkle.verify_inclusion(hashes[index], index, size, bent, root)
        assert not merkle.verify_inclusion(hashes[index], index, size, proof[:-1], root)
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index)) if size > 1 else size
    assert not merkle.verify_inclusion(hashes[index], other, size, proof, root)


@given(st.lists(st.integers(0, 40), max_size=12))
def test_appending_in_batches_gives_the_same_tree(batches):
    hashes = [merkle.leaf_hash(number.to_bytes(2, "big")) for number in range(sum(batches))]
    frontier, nodes = merkle.EMPTY, {}
    for batch in batches:
        start = frontier.size
        frontier, made = merkle.append(frontier, hashes[start : start + batch])
        assert not nodes.keys() & {(level, index) for level, index, _value in made}
        nodes |= {(level, index): value for level, index, value in made}
    assert frontier.root() == merkle.root(hashes)
    assert len(nodes) == sum(len(hashes) >> level for level in range(1, 20))
    node = stored(hashes)
    assert all(node(level, index) == value for (level, index), value in nodes.items())
    peaks = {(level, (len(hashes) >> level) - 1): value for level, value in frontier.peaks.items()}
    assert set(peaks) == set(merkle.peaks_of(len(hashes)))


@settings(max_examples=200)
@given(st.integers(0, 130), st.data())
def test_a_shared_proof_is_just_enough_for_the_auditors_program(size, data):
    """The program handed to auditors has its own hashing.

    It must come to the same root, from exactly these nodes.
    """
    hashes = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    chosen = data.draw(st.sets(st.integers(0, size - 1))) if size else set()
    node = stored(hashes)
    nodes = {place: node(*place) for place in merkle.shared_proof(chosen, size)}
    leaves = {index: verify.leaf_hash(bytes([index])) for index in chosen}
    assert verify.tree_root(leaves, nodes, size) == merkle.root(hashes)
    if nodes:
        place = data.draw(st.sampled_from(sorted(nodes)))
        with pytest.raises(verify.Damaged, match="lacks the node"):
            verify.tree_root(leaves, {key: value for key, value in nodes.items() if key != place}, size)
        assert verify.tree_root(leaves, nodes | {place: bytes(32)}, size) != merkle.root(hashes)
    with pytest.raises(verify.Damaged, match="too many"):
        verify.tree_root(leaves, nodes | {(60, 0): bytes(32)}, size)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="there is no leaf"):
        merkle.inclusion_proof(index, size, stored(HASHES))
    assert not merkle.verify_inclusion(HASHES[0], index, size, [], HASHES[0])


def test_a_log_that_shrinks_is_not_consistent():
    with pytest.raises(ValueError, match="cannot be a prefix"):
        merkle.consistency_proof(5, 3, stored(HASHES))
    assert not merkle.verify_consistency(5, 3, [], HASHES[0], HASHES[0])
