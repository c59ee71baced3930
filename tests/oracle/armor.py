"""The text form of a packet, written from FORMAT.md section 13 alone."""
from __future__ import annotations

import base64
import binascii

FIRST_LINE = b"DUKOU-ARMOR-1"
LINE_CHARACTERS, LINE_BYTES = 76, 57


class Refused(Exception):
    """A packet is not accepted; `code` is one of FORMAT.md section 10."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


def is_armor(file: bytes) -> bool:
    """Tells the form by the first bytes."""
    return file.startswith(FIRST_LINE)


def take_off(file: bytes) -> bytes:
    """Gives the packet's bytes; raises Refused with `armor`, or with `short` where the file may still grow."""
    end = b"\r\n" if file[len(FIRST_LINE) :].startswith(b"\r\n") else b"\n"
    *lines, rest = file.split(b"\n")
    if not lines:
        raise Refused("short", "the first line is not ended")
    lines = [line + b"\n" for line in lines]
    if lines[0] != FIRST_LINE + end:
        raise Refused("armor", "the first line goes on")
    packet = _lines(lines[1:], end)
    if rest:
        raise Refused("short", "the last line is not ended")
    return packet


def _lines(lines: list, end: bytes) -> bytes:
    packet, ended = b"", False
    for number, line in enumerate(lines, 2):
        text = line[: -len(end)]
        if ended or not line.endswith(end) or not 1 <= len(text) <= LINE_CHARACTERS:
            raise Refused("armor", f"line {number}: its length or end")
        try:
            carried = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise Refused("armor", f"line {number}: no base64") from None
        if base64.b64encode(carried) != text:
            raise Refused("armor", f"line {number}: another spelling of its bytes")
        ended = len(carried) < LINE_BYTES
        packet += carried
    return packet
