"""The Merkle tree of RFC 6962 section 2.1 (LOG.md section 3, FORMAT.md section 6)."""
from __future__ import annotations

import hashlib
from typing import Dict, List, Optional, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hashes one leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hashes one inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Gives the root over leaf hashes, by the recursive definition."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(root_of(leaves[:left]), root_of(leaves[left:]))


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """Gives the root of a tree from its perfect subtrees' hashes, largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


class Tree:
    """A tree that grows by one leaf at a time and remembers the hash of every perfect subtree it knows.

    It may begin in the middle (`resume`), since old segments are deleted: then only roots from there on can be given.
    """

    def __init__(self) -> None:
        self.size = 0
        self._levels: List[Dict[int, bytes]] = []

    def _level(self, level: int) -> Dict[int, bytes]:
        while len(self._levels) <= level:
            self._levels.append({})
        return self._levels[level]

    def append(self, leaf: bytes) -> None:
        """Adds one leaf hash and every perfect subtree that it completes."""
        index, level, value = self.size, 0, leaf
        self._level(0)[index] = value
        while index & 1:
            value = node_hash(self._level(level)[index - 1], value)
            index, level = index >> 1, level + 1
            self._level(level)[index] = value
        self.size += 1

    def peaks_at(self, size: int) -> Optional[List[bytes]]:
        """Gives the perfect subtrees' hashes at a size, largest first; None when a part of them is not known."""
        if size > self.size:
            return None
        peaks = []
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                peak = self._level(level).get((size >> (level + 1)) << 1)
                if peak is None:
                    return None
                peaks.append(peak)
        return peaks

    def root_at(self, size: int) -> Optional[bytes]:
        """Gives the root at a size; None when it cannot be known."""
        peaks = self.peaks_at(size)
        return None if peaks is None else root_of_peaks(peaks)

    def resume(self, size: int, peaks: Sequence[bytes]) -> bool:
        """Goes on at a size from its peaks; False when they contradict what is known or are not as many as they must be."""
        places = [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
        if len(places) != len(peaks):
            return False
        agrees = True
        for level, peak in zip(places, peaks):
            known = self._level(level).setdefault((size >> (level + 1)) << 1, peak)
            agrees = agrees and known == peak
            self._level(level)[(size >> (level + 1)) << 1] = peak
        self.size = size
        return agrees
