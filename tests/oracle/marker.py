"""The document of a marker and the approvals in it, written from FORMAT.md section 4 alone."""
from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any, Dict, List

from armor import Refused
from curves import ed25519_verify
from keyring import key_id

MAX_BYTES = 512 << 10
MAX_DOCUMENT_BYTES = 256 << 10
MAX_CHANNELS, MAX_APPROVALS, MAX_KEEP_DAYS = 256, 8, 36_500
KINDS = {"propose": 1, "approve": 2, "confirm": 3}
CHANNEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
STRUCTURE = re.compile(r"[a-z][a-z0-9-]{0,31}")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise Refused("records", what)


def _whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _hex(value: Any, size: int) -> bytes:
    _require(isinstance(value, str) and re.fullmatch("[0-9a-f]{%d}" % (2 * size), value) is not None, f"{size} bytes in hex")
    return bytes.fromhex(value)


def _base64(value: Any) -> bytes:
    _require(isinstance(value, str), "base64")
    try:
        bytes_ = base64.b64decode(value.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Refused("records", "base64") from None
    _require(base64.b64encode(bytes_).decode("ascii") == value, "base64 of one form")
    return bytes_


def _check_approval(approval: Any) -> None:
    _require(isinstance(approval, dict), "an approval is an object")
    _require(approval.get("kind") in list(KINDS), "the approval's kind")
    _hex(approval.get("station"), 16)
    _require(_whole(approval.get("keyring"), 1, 2**64 - 1), "the keyring's version")
    _hex(approval.get("key"), 8)
    _hex(approval.get("plan"), 32)
    _require(type(approval.get("loss")) is bool, "loss")
    _hex(approval.get("reason"), 32)
    _require(len(_base64(approval.get("signature"))) == 64, "a signature of 64 bytes")


def check(plain: bytes, written: int, needed: int, channel: str) -> Dict[str, Any]:
    """Checks the plain of a marker against itself and its header; gives the document."""
    _require(len(plain) <= MAX_BYTES, "a marker over 512 KiB")
    try:
        document = json.loads(plain.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused("records", "a marker that is not JSON") from None
    _require(isinstance(document, dict) and type(document.get("version")) is int and document["version"] == 1, "the version")
    structure, before, after = document.get("structure"), document.get("from"), document.get("to")
    _require(isinstance(structure, str) and STRUCTURE.fullmatch(structure) is not None, "the structure's name")
    _require(_whole(before, 1, 2**32 - 2) and type(after) is int and after == before + 1, "the versions")
    _hex(document.get("before"), 32)
    bytes_ = _base64(document.get("bytes"))
    _require(1 <= len(bytes_) <= MAX_DOCUMENT_BYTES, "the document's length")
    digest = hashlib.sha256(b"dukou-schema-v1\0" + bytes_).digest()
    _require(_hex(document.get("document"), 32) == digest, "the document's digest")
    channels: List[Any] = document.get("channels")
    _require(isinstance(channels, list) and 1 <= len(channels) <= MAX_CHANNELS, "the channels")
    _require(all(isinstance(name, str) and CHANNEL.fullmatch(name) is not None for name in channels), "a channel's name")
    _require(all(a < b for a, b in zip(channels, channels[1:])), "channels that rise")
    _require(type(document.get("pending")) is bool, "pending")
    _require(_whole(document.get("keep_days"), 1, MAX_KEEP_DAYS), "keep_days")
    approvals = document.get("approvals")
    _require(isinstance(approvals, list) and len(approvals) <= MAX_APPROVALS, "the approvals")
    for approval in approvals:
        _check_approval(approval)
    _require(written == after and needed == before and channel in channels, "the marker contradicts its header")
    return document


def is_by(public: bytes, change: Dict[str, Any], approval: Dict[str, Any]) -> bool:
    """Tells whether an approval of a change was signed with this key."""
    _check_approval(approval)
    name = change["structure"].encode("utf-8")
    signed = b"dukou-schema-approval-v1\0" + bytes([KINDS[approval["kind"]], len(name)]) + name
    signed += change["to"].to_bytes(4, "little") + bytes.fromhex(change["before"]) + bytes.fromhex(change["document"])
    signed += bytes.fromhex(approval["station"]) + approval["keyring"].to_bytes(8, "little") + bytes.fromhex(approval["key"])
    signed += bytes.fromhex(approval["plan"]) + bytes([approval["loss"]]) + bytes.fromhex(approval["reason"])
    own = key_id("ed25519", public) == bytes.fromhex(approval["key"])
    return own and ed25519_verify(public, signed, base64.b64decode(approval["signature"]))
