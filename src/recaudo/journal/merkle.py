"""A tree of hashes over the seals of one anchor, so that one record can be shown to be in it without showing the others.

As RFC 6962, section 2.1: leaves and nodes are hashed with different first bytes. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(seal: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + seal).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels(seals: Sequence[bytes]) -> list[list[bytes]]:
    """Every level, leaves first, the root last; an odd one out goes up unpaired. No seals: one level with nothing."""
    row = [leaf(seal) for seal in seals]
    tree = [row]
    while len(row) > 1:
        row = [node(row[i], row[i + 1]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
        tree.append(row)
    return tree


def root(seals: Sequence[bytes]) -> bytes:
    """The root over seals in the order of the chain. Raises IndexError for none."""
    return levels(seals)[-1][0]


def path(tree: Sequence[Sequence[bytes]], index: int) -> list[tuple[str, str]]:
    """What a leaf needs to reach the root: ("L" or "R", hash in hexadecimal) for each neighbour, from the bottom."""
    steps = []
    for row in tree[:-1]:
        other = index ^ 1
        if other < len(row):
            steps.append(("L" if other < index else "R", row[other].hex()))
        index //= 2
    return steps


def climb(seal: bytes, steps: Sequence[Sequence[str]]) -> bytes:
    """The root that a seal and its path lead to."""
    digest = leaf(seal)
    for side, other in steps:
        digest = node(bytes.fromhex(other), digest) if side == "L" else node(digest, bytes.fromhex(other))
    return digest
