"""The manifest of a disc's volume, written from FORMAT.md section 14 alone."""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import List

from curves import ed25519_verify
from keyring import ROLE_PACKET, Keyring

MANIFEST_MAX = 1 << 20
PACKETS_MAX, VOLUMES_MAX = 4000, 999
FILE_MAX = 13 + 2 + 4 * -(-((33 << 20) + 4096) // 3) + 2 * -(-((33 << 20) + 4096) // 57)
NUMBER = r"(0|[1-9][0-9]{0,15})"
HEAD = re.compile(
    r"dukou-disc/1\n"
    r"disc (?P<disc>[0-9a-f]{8}-[0-9]{4,12})\n"
    r"link (?P<link>[0-9a-f]{32})\n"
    r"environment (?P<environment>production|test)\n"
    r"sender (?P<sender>[0-9a-f]{32})\n"
    r"addressee (?P<addressee>[0-9a-f]{32})\n"
    rf"volume (?P<volume>{NUMBER}) of (?P<volumes>{NUMBER})\n"
    rf"packets (?P<packets>{NUMBER})\n"
    r"list (?P<list>[0-9a-f]{64})\n"
    r"key (?P<key>[0-9a-f]{16})\n"
)
PACKET = re.compile(rf"{NUMBER} ([0-9A-Za-z_~-][0-9A-Za-z._~-]{{0,63}}) {NUMBER} [0-9a-f]{{64}} {NUMBER} [a-z0-9/-]{{1,128}}")


class Refused(Exception):
    """A manifest is not believed; `code` is `shape`, `key`, `signature` or `address`."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


def _shape(wrong: bool, why: str) -> None:
    if wrong:
        raise Refused("shape", why)


def read(text: str, keyring: Keyring, station: str, environment: str) -> List[str]:
    """Gives the lines of packets; raises Refused with the first code that applies."""
    _shape(len(text.encode("utf-8")) > MANIFEST_MAX, "longer than 1 MiB")
    signed, last, signature = text.rpartition("signature ")
    _shape(not last or not signature.endswith("\n"), "no signature")
    head = HEAD.match(signed)
    _shape(head is None, "the lines of the head")
    lines = _packets(signed[head.end() :], head)
    try:
        made = base64.b64decode(signature[:-1], validate=True)
    except binascii.Error:
        raise Refused("shape", "the signature is no base64") from None
    _shape(len(made) != 64, "the length of the signature")
    newest = max((int(line.split(" ")[4]) for line in lines), default=0)
    ident = bytes.fromhex(head["key"])
    keys = [key for key in keyring.keys if key.id == ident and key.role == ROLE_PACKET and key.valid_for(newest)]
    if not keys or keyring.station != head["sender"]:
        raise Refused("key", "not a packet key of the sender")
    if not ed25519_verify(keys[0].public, b"dukou-disc-v1\0" + signed.encode("utf-8"), made):
        raise Refused("signature", "the signature is wrong")
    if (head["addressee"], head["environment"]) != (station, environment):
        raise Refused("address", "not for this station")
    return lines


def _packets(text: str, head: re.Match) -> List[str]:
    _shape(text != "" and not text.endswith("\n"), "the last line is not ended")
    lines = text.split("\n")[:-1]
    _shape(any(PACKET.fullmatch(line) is None for line in lines), "a line of a packet")
    words = [line.split(" ") for line in lines]
    volume, volumes = int(head["volume"]), int(head["volumes"])
    _shape(not 1 <= volume <= volumes <= VOLUMES_MAX, "volume")
    _shape(int(head["packets"]) != len(lines) or len(lines) > PACKETS_MAX, "the number of packets")
    placed = [int(word[0]) for word in words]
    _shape(placed != sorted(placed) or any(not 1 <= place <= volumes for place in placed), "volumes of packets")
    _shape(len({word[1] for word in words}) != len(words), "a name twice")
    _shape(any(int(word[2]) > FILE_MAX or int(word[4]) > 2**53 for word in words), "a number outside its range")
    _shape(hashlib.sha256(text.encode("utf-8")).hexdigest() != head["list"], "the digest of the list")
    ends = bytes.fromhex(head["sender"]) + bytes.fromhex(head["addressee"])
    _shape(hashlib.sha256(b"dukou-link-v1\0" + ends).hexdigest()[:32] != head["link"], "link")
    return lines
