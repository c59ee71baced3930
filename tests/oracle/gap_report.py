"""The gap report, as a signed file and as rows of digits, written from GAPREPORT.md alone."""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Tuple

import strict_json
from curves import ed25519_verify
from keyring import ROLE_PACKET, Keyring
from strict_json import Pairs, is_whole

MAX_FILE_BYTES = 256 * 1024
NUMBER_MAX = 2**53
MAX_ROWS = 20
ROW_DIGITS = 30
BODY_KEYS = ["link", "station", "addressee", "environment", "report", "clock", "log_size", "log_root", "number", "heard", "more",
             "channels"]
CHANNEL_KEYS = ["channel", "epoch", "seq", "header", "known", "missing"]
CHANNEL_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
EPOCH = re.compile(r"([1-9][0-9]*)-[0-9a-f]{16}")


class ReportError(Exception):
    """A gap report is refused; `code` is one of GAPREPORT.md section 3."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class Channel(NamedTuple):
    """One channel object (section 2)."""

    name: str
    epoch_counter: int
    seq: int
    known: int
    missing: Tuple[Tuple[int, int], ...]


class Report(NamedTuple):
    """One accepted report."""

    link: str
    station: str
    addressee: str
    environment: str
    report: int
    number: int
    more: bool
    channels: Tuple[Channel, ...]


def _shape(why: str) -> NoReturn:
    raise ReportError("gap-report-shape", why)


def _need(condition: bool, why: str) -> None:
    if not condition:
        _shape(why)


def _hex(text: Any, digits: int) -> str:
    _need(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", text) is not None, f"not {digits} hex digits")
    return text


def _object(value: Any, keys: List[str]) -> List[Any]:
    _need(isinstance(value, Pairs) and value.names() == keys, "keys are missing, unknown, doubled or out of order")
    return [part for _, part in value]


def _array(value: Any) -> List[Any]:
    _need(isinstance(value, list) and not isinstance(value, Pairs), "an array was expected")
    return value


def _number(value: Any, low: int = 0) -> int:
    _need(is_whole(value, low, NUMBER_MAX), "a number is out of its range")
    return value


def link_id(sender: str, addressee: str) -> str:
    """FORMAT.md section 3."""
    return hashlib.sha256(b"dukou-link-v1\0" + bytes.fromhex(sender) + bytes.fromhex(addressee)).hexdigest()[:32]


def _read_channel(value: Any) -> Channel:
    name, epoch, seq, header, known, missing = _object(value, CHANNEL_KEYS)
    _need(isinstance(name, str) and CHANNEL_NAME.fullmatch(name) is not None, "a channel name")
    found = EPOCH.fullmatch(epoch) if isinstance(epoch, str) else None
    _need(found is not None and int(found.group(1)) < 2**32, "an epoch")
    _hex(header, 64)
    _need(_number(seq) <= _number(known), "known is below seq")
    ranges = []
    due = seq + 1
    for pair in _array(missing):
        _need(len(_array(pair)) == 2, "a range is a pair")
        first, last = _number(pair[0]), _number(pair[1])
        _need(due <= first <= last <= known, "a range is not between the others")
        ranges.append((first, last))
        due = last + 2
    return Channel(name, int(found.group(1)), seq, known, tuple(ranges))


def _read_body(line: str) -> Report:
    try:
        value = strict_json.parse(line)
        spelling = strict_json.one_spelling(value)
    except ValueError:
        _shape("the second line is not JSON")
    _need(spelling == line, "insignificant blanks, or an escape that is not needed")
    link, station, addressee, environment, report, clock, log_size, log_root, number, heard, more, channels = _object(
        value, BODY_KEYS)
    _need(environment in ("production", "test"), "environment")
    for value_, low in ((report, 1), (clock, 0), (log_size, 0), (number, 1), (heard, 0)):
        _number(value_, low)
    _need(log_size > 0 or _hex(log_root, 64) == "0" * 64, "an empty log has no root")
    _hex(log_root, 64)
    _need(isinstance(more, bool), "more is true or false")
    read = tuple(_read_channel(channel) for channel in _array(channels))
    _need(all(a.name < b.name for a, b in zip(read, read[1:])), "channel names rise")
    return Report(_hex(link, 32), _hex(station, 32), _hex(addressee, 32), environment, report, number, more, read)


def _split(file: bytes) -> Tuple[bytes, str, bytes, bytes]:
    """Section 1: the body, its second line, and the signature as key id and bytes."""
    _need(len(file) <= MAX_FILE_BYTES, "larger than 256 KiB")
    try:
        lines = file.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        _shape("not UTF-8")
    _need(len(lines) == 4 and lines[3] == "" and lines[0] == "dukou-gap-report/1", "three lines, each ended by LF")
    parts = lines[2].split(" ")
    _need(len(parts) == 3 and parts[0] == "sig", "a sig line")
    try:
        signature = base64.b64decode(parts[2].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        _shape("not base64")
    _need(len(signature) == 64 and base64.b64encode(signature).decode() == parts[2], "a signature of 64 bytes in its one spelling")
    return (lines[0] + "\n" + lines[1] + "\n").encode("utf-8"), lines[1], bytes.fromhex(_hex(parts[1], 16)), signature


def read(file: bytes, keyring: Keyring, own: str, environment: str) -> Report:
    """Reads a report as the station `own`; the order of the checks is that of section 3."""
    body, line, ident, signature = _split(file)
    report = _read_body(line)
    keys = [key for key in keyring.of_role(ROLE_PACKET) if key.id == ident and key.valid_for(report.number)]
    if not keys:
        raise ReportError("gap-report-key", "no packet key of that id is valid at the number")
    if not ed25519_verify(keys[0].public, b"dukou-gap-report-v1\0" + body, signature):
        raise ReportError("gap-report-signature", "the signature does not verify")
    for holds, code in (
        (report.environment == environment, "environment"),
        (report.addressee == own, "addressee"),
        (report.station == keyring.station, "station"),
        (report.link == link_id(report.addressee, report.station), "link"),
    ):
        if not holds:
            raise ReportError(code, "the report is not for this reader")
    return report


# Rows ----------------------------------------------------------------------------------------------------------------


def channel_tag(link: str, name: str) -> int:
    """Section 4."""
    digest = hashlib.sha256(b"dukou-row-channel-v1\0" + bytes.fromhex(link) + name.encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") % 1_000_000


def rows_of(report: Report) -> Optional[List[str]]:
    """Writes the rows of a report; None when it has none."""
    ranges = []
    for channel in report.channels:
        for first, last in channel.missing:
            for start in range(first, last + 1, 9999):
                ranges.append((channel_tag(report.link, channel.name), channel.epoch_counter % 10, start,
                               min(9999, last - start + 1)))
                if len(ranges) > MAX_ROWS:
                    return None
    if report.more or any(start + count > 10**9 for _, _, start, count in ranges):
        return None
    rows = []
    for index, (tag, epoch, start, count) in enumerate(ranges, 1):
        front = f"1{report.report % 1000:03}{index:02}{len(ranges):02}{tag:06}{epoch}{start:09}{count:04}"
        rows.append(f"{front}{98 - int(front) * 100 % 97:02}")
    return rows


def _row_fault(row: str) -> Optional[str]:
    if any(not c.isdigit() for c in row):
        return "row-character"
    if len(row) != ROW_DIGITS:
        return "row-length"
    if int(row) % 97 != 1 or not 2 <= int(row[28:]) <= 98:
        return "row-check"
    index, count = int(row[4:6]), int(row[6:8])
    shaped = row[0] == "1" and 1 <= count <= MAX_ROWS and 1 <= index <= count and int(row[15:24]) >= 1 and int(row[24:28]) >= 1
    return None if shaped else "row-shape"


def _plain(text: str) -> List[List[str]]:
    """Gives the lines as runs of ASCII digits; a run that holds anything but digits, blanks and punctuation keeps it."""
    lines = []
    for line in text.splitlines():
        kept = ""
        for character in unicodedata.normalize("NFKC", line):
            if character in "0123456789":
                kept += character
            elif character.isspace() or unicodedata.category(character)[0] in "PSZ":
                kept += " "
            else:
                kept += character
        runs = kept.split()
        if runs:
            lines.append(runs)
    return lines


def _cut(lines: List[List[str]]) -> List[str]:
    """Cuts lines into rows: joined where that gives whole rows, else by lines or by six groups."""
    rows: List[str] = []
    at = 0
    while at < len(lines):
        together = 0
        text = ""
        for end in range(at, len(lines)):
            text += "".join(lines[end])
            if not text.isdigit() or len(text) > MAX_ROWS * ROW_DIGITS:
                break
            if len(text) % ROW_DIGITS == 0:
                together = end + 1 - at
                break
        line = lines[at]
        if together:
            rows += [text[start:start + ROW_DIGITS] for start in range(0, len(text), ROW_DIGITS)]
        elif len("".join(line)) > ROW_DIGITS and "".join(line).isdigit() and len(line) % 6 == 0:
            rows += ["".join(line[start:start + 6]) for start in range(0, len(line), 6)]
        else:
            rows.append("".join(line))
        at += max(together, 1)
    return rows


def read_rows(text: str) -> Tuple[List[Tuple[str, Optional[int]]], Optional[Dict[str, Any]]]:
    """Reads typed rows; gives the faults (code and place) or what the rows say."""
    rows = _cut(_plain(text))
    faults: List[Tuple[str, Optional[int]]] = []
    good: List[Tuple[int, str]] = []
    for place, row in enumerate(rows, 1):
        fault = _row_fault(row)
        if fault:
            faults.append((fault, place))
        else:
            good.append((place, row))
    if not rows:
        faults.append(("row-none", None))
    if good:
        first = good[0][1]
        alone_right = not faults
        seen: Dict[str, int] = {}
        for place, row in good:
            if (row[1:4], row[6:8]) != (first[1:4], first[6:8]):
                faults.append(("row-sheet", place))
            elif row[4:6] in seen:
                faults.append(("row-twice", place))
            else:
                seen[row[4:6]] = place
        if alone_right and len(seen) < int(first[6:8]):
            faults.append(("row-missing", None))
    if faults:
        return faults, None
    ordered = sorted(row for _, row in good)
    said = [{"tag": int(row[8:14]), "epoch": int(row[14]), "from": int(row[15:24]), "count": int(row[24:28])} for row in ordered]
    return [], {"report": int(ordered[0][1:4]), "rows": said}
