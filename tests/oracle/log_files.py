"""The files of a log directory (LOG.md section 1) and the notes in them (section 4)."""
from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

import zstd_frame
from curves import ed25519_verify
from keyring import ROLE_LOG, Key, Keyring

SEGMENT = re.compile(r"([0-9]{12})\.jsonl(\.zst)?")
CHECKPOINTS = re.compile(r"([0-9]{12})\.checkpoints")
OWN_KEYRING = re.compile(r"keyring-([0-9]{6})\.txt")
PEER_KEYRING = re.compile(r"peer-([0-9a-f]{32})-([0-9]{6})\.txt")
MAX_SEGMENT_BYTES = 128 << 20
"""A segment is sealed at 64 MiB; twice as much is what this verifier will unpack."""


class Directory(NamedTuple):
    """The names found, by what they are."""

    path: str
    segments: Dict[int, List[str]]
    checkpoints: Dict[int, str]
    keyrings: Dict[int, str]
    peers: Dict[str, Dict[int, str]]
    others: List[str]

    def read(self, name: str) -> bytes:
        """Gives a file's bytes; raises OSError."""
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()


def list_directory(path: str) -> Directory:
    """Sorts a directory's names; those that begin with `.` are passed over. Raises OSError."""
    found = Directory(path, {}, {}, {}, {}, [])
    for name in sorted(os.listdir(path)):
        if not name.startswith("."):
            _sort(found, name)
    return found


def _sort(found: Directory, name: str) -> None:
    segment, checkpoints = SEGMENT.fullmatch(name), CHECKPOINTS.fullmatch(name)
    own, peer = OWN_KEYRING.fullmatch(name), PEER_KEYRING.fullmatch(name)
    if segment:
        found.segments.setdefault(int(segment[1]), []).append(name)
    elif checkpoints:
        found.checkpoints[int(checkpoints[1])] = name
    elif own:
        found.keyrings[int(own[1])] = name
    elif peer:
        found.peers.setdefault(peer[1], {})[int(peer[2])] = name
    else:
        found.others.append(name)


def segment_bytes(name: str, data: bytes) -> bytes:
    """Gives what is inside a segment file; raises zstd_frame.BadFrame."""
    return zstd_frame.open_one(data, MAX_SEGMENT_BYTES) if name.endswith(".zst") else data


class Note(NamedTuple):
    """One checkpoint."""

    origin: str
    size: int
    root: bytes
    signed: bytes
    key_hash: bytes
    signature: bytes

    def good_with(self, public: bytes) -> bool:
        """Tells whether a log key made this note."""
        return key_hash(self.origin, public) == self.key_hash and ed25519_verify(public, self.signed, self.signature)


def origin_of(station: str) -> str:
    """The name in the first line of a station's checkpoints."""
    return f"dukou/{station}/log"


def key_hash(origin: str, public: bytes) -> bytes:
    """Section 4."""
    return hashlib.sha256(origin.encode("utf-8") + b"\x0a\x01" + public).digest()[:4]


_NOTE = re.compile(
    "(?P<origin>dukou/[0-9a-f]{32}/log)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/=]{44})\n"
    "\n— (?P<name>[^ \n]+) (?P<signature>[A-Za-z0-9+/=]+)\n"
)


def _base64(text: str, length: int) -> Optional[bytes]:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except binascii.Error:
        return None
    return data if len(data) == length and base64.b64encode(data).decode("ascii") == text else None


def read_notes(data: bytes) -> Tuple[List[Note], bytes]:
    """Reads notes one after another; gives them and the bytes that are none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as bad:
        text = data[: bad.start].decode("utf-8")
    notes: List[Note] = []
    at = 0
    while True:
        match = _NOTE.match(text, at)
        note = _note_of(match) if match else None
        if match is None or note is None:
            return notes, data[len(text[:at].encode("utf-8")) :]
        notes.append(note)
        at = match.end()


def _note_of(match: "re.Match[str]") -> Optional[Note]:
    root, signature = _base64(match["root"], 32), _base64(match["signature"], 68)
    if root is None or signature is None or match["name"] != match["origin"]:
        return None
    signed = match[0][: match.start("root") - match.start() + 45].encode("utf-8")
    return Note(match["origin"], int(match["size"]), root, signed, signature[:4], signature[4:])


def log_keys(keyrings: List[Keyring]) -> List[Key]:
    """Gives every log key once, with the range that the newest version naming it gives it."""
    newest: Dict[bytes, Key] = {}
    for keyring in keyrings:
        newest.update((key.id, key) for key in keyring.of_role(ROLE_LOG))
    return list(newest.values())
