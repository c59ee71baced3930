"""Verifying a packet log directory, written from LOG.md alone."""
from __future__ import annotations

import re
from typing import Dict, List, Optional, Tuple

import keyring as keyrings
import log_files
import merkle
import zstd_frame
from keyring import Keyring, KeyringError
from log_events import Events
from log_files import Directory, Note
from log_lines import KINDS, BadLine, Line, read_line
from log_report import Report

ZERO_DIGEST = "0" * 64
NOTE_LINES = 5
"""A note has five LFs, the last at its very end: fewer are less than a note."""


class Verifier:
    """One run over one log directory."""

    def __init__(self, directory: Directory, authority: Optional[str]) -> None:
        self.directory = directory
        self.authority = authority
        self.report = Report()
        self.tree = merkle.Tree()
        self.events = Events(self.report, self.tree)
        self.own: List[Keyring] = []
        self.own_complete = False
        self.previous_leaf: Optional[bytes] = None
        self.roots_known = True
        self.unknown_kinds: Dict[str, int] = {}

    def run(self) -> Report:
        """Checks everything of section 6; raises OSError when a file cannot be read."""
        self.own, self.own_complete = self._keyring_chain(self.directory.keyrings, "keyring-000001.txt")
        self._anchor()
        self._segments()
        self._checkpoints()
        self._names()
        self.events.finish()
        self.report.lines = self.tree.size
        self._notes()
        return self.report

    # Keyrings --------------------------------------------------------------------------------------------------------

    def _keyring_chain(self, files: Dict[int, str], first_name: str) -> Tuple[List[Keyring], bool]:
        """Accepts versions 1, 2, … (KEYRING.md section 5); tells whether none is missing and all are good."""
        chain: List[Keyring] = []
        complete = True
        for version in range(1, max(files, default=1) + 1):
            if version not in files:
                self.report.missing("keyring-missing", first_name.replace("000001", f"{version:06}"))
                complete = False
                continue
            held = chain[-1] if chain and chain[-1].version == version - 1 else None
            read = self._keyring(files[version], version, held)
            if read is not None:
                chain.append(read)
            complete = complete and read is not None
        return chain, complete

    def _keyring(self, name: str, version: int, held: Optional[Keyring]) -> Optional[Keyring]:
        """Accepts one version after the one before it; where that is missing, only if it vouches for itself."""
        file = self.directory.read(name)
        try:
            if keyrings.version_of(file) != version:
                self.report.contradiction("keyring-name", name)
                return None
            return keyrings.read(file, held)
        except KeyringError as bad:
            if bad.code == "keyring-signature" and held is None and version > 1:
                self.report.note(f"{name}: signed by keys of a version that is missing")
            else:
                self.report.contradiction(bad.code, name)
            return None

    def _anchor(self) -> None:
        """Holds the directory's keyrings against what the auditor brought."""
        if self.authority is None or not self.own:
            return
        if re.fullmatch("[0-9]{60}", self.authority.replace(" ", "")):
            brought = self.authority.replace(" ", "")
        else:
            with open(self.authority, "rb") as file:
                brought = keyrings.read(file.read()).fingerprint.replace(" ", "")
        self.report.anchored = any(keyring.fingerprint.replace(" ", "") == brought for keyring in self.own)
        if not self.report.anchored:
            self.report.contradiction("anchor", "keyring-000001.txt")

    def _names(self) -> None:
        """Holds `init`, `trust` and `keyring` lines against the keyring files that they name by digest."""
        if self.events.init is not None:
            self._check_init(*self.events.init)
        peers = {
            station: self._keyring_chain(files, f"peer-{station}-000001.txt")[0]
            for station, files in self.directory.peers.items()
        }
        for station, chain in peers.items():
            if any(keyring.station != station for keyring in chain):
                self.report.contradiction("keyring-name", f"peer-{station}-000001.txt")
        for station, digest, file, line in self.events.trusted:
            if all(keyring.file_digest != digest for keyring in peers.get(station, [])):
                self.report.missing("keyring-missing", file, line)

        for digest, file, line in self.events.renewed:
            if all(keyring.file_digest != digest for keyring in self.own):
                self.report.missing("keyring-missing", file, line)

    def _check_init(self, line: Line, file: str) -> None:
        if all(keyring.file_digest != line["keyring"] for keyring in self.own):
            self.report.missing("keyring-missing", file, 2)
        said = (line["station"], line["side"], line["environment"])
        if self.own and said != (self.own[0].station, self.own[0].side, self.own[0].environment):
            self.report.contradiction("station", file, 2)

    # Segments --------------------------------------------------------------------------------------------------------

    def _segments(self) -> None:
        numbers = sorted(self.directory.segments)
        if not numbers:
            self.report.missing("segment-missing", f"{1:012}.jsonl")
        for number in numbers:
            name = self.directory.segments[number][0]
            data = self._segment_data(number)
            if data is not None:
                self._segment(number, name, data, is_last=number == numbers[-1])

    def _segment_data(self, number: int) -> Optional[bytes]:
        """Reads a segment; a crash may leave it both plain and compressed, and then both must say the same."""
        names = self.directory.segments[number]
        insides = []
        for name in names:
            try:
                insides.append(log_files.segment_bytes(name, self.directory.read(name)))
            except zstd_frame.BadFrame:
                self.report.contradiction("segment-unreadable", name)
                return None
        if any(inside != insides[0] for inside in insides):
            self.report.contradiction("segment-two-forms", names[0])
        return insides[0]

    def _segment(self, number: int, name: str, data: bytes, is_last: bool) -> None:
        *lines, tail = data.split(b"\n")
        if tail and is_last:
            self.report.note(f"{name}: torn tail of {len(tail)} bytes")
        elif tail or (not lines and not is_last):
            self.report.contradiction("line-shape", name, number + len(lines))
        shift = 0
        for index, raw in enumerate(lines):
            place = number + index
            line = self._line(raw, name, place)
            if index == 0:
                self._begin(number, name, line)
            elif line is not None and line["kind"] == "segment":
                self.report.contradiction("segment-head", name, place)
            if line is not None:
                shift = self._chain(line, name, place, shift)
                self.events.read(line, name, place)
            self.previous_leaf = merkle.leaf_hash(raw)
            self.tree.append(self.previous_leaf)

    def _line(self, raw: bytes, name: str, place: int) -> Optional[Line]:
        """Check 2, the form of a line."""
        try:
            line = read_line(raw)
        except BadLine:
            self.report.contradiction("line-shape", name, place)
            return None
        if line["kind"] not in KINDS:
            self.unknown_kinds[line["kind"]] = self.unknown_kinds.get(line["kind"], 0) + 1
        if place == 2 and line["kind"] != "init":
            self.report.contradiction("init-place", name, place)
        return line

    def _chain(self, line: Line, name: str, place: int, shift: int) -> int:
        """Check 2, `n` and `prev`; one slip of `n` is told once, so it gives the shift from there on."""
        if line["n"] != place + shift:
            self.report.contradiction("line-number", name, place)
        if self.previous_leaf is not None and line["prev"] != self.previous_leaf.hex():
            self.report.contradiction("line-prev", name, place)
        if place == 1 and line["prev"] != ZERO_DIGEST:
            self.report.contradiction("line-prev", name, place)
        return line["n"] - place

    def _begin(self, number: int, name: str, line: Optional[Line]) -> None:
        """Check 1: the segment follows the one before, and its first line describes the tree so far."""
        if line is None or line["kind"] != "segment":
            self.report.contradiction("segment-head", name, number)
            line = None
        follows = number == self.tree.size + 1
        if self.tree.size >= number:
            self.report.contradiction("segment-overlap", name, number)
        elif not follows and self.tree.size > 0:
            self.report.missing("segment-missing", f"{self.tree.size + 1:012}.jsonl")
        if not follows:
            self.events.gap()
            self._resume(number, name, line)
        elif line is not None and self.roots_known:
            said = (line["size"], line["root"], line["peaks"])
            if said != (number - 1, *self._head()):
                self.report.contradiction("segment-head", name, number)

    def _head(self) -> Tuple[str, str]:
        """Gives root and peaks of the present tree as a `segment` line writes them."""
        peaks = self.tree.peaks_at(self.tree.size) or []
        return merkle.root_of_peaks(peaks).hex(), ",".join(peak.hex() for peak in peaks)

    def _resume(self, number: int, name: str, line: Optional[Line]) -> None:
        """Goes on after lines that are not here, from the peaks that the segment's first line gives."""
        self.previous_leaf = None
        if line is None:
            self.roots_known = False
            self.tree.size = number - 1
            return
        peaks = [bytes.fromhex(peak) for peak in line["peaks"].split(",") if peak]
        agrees = self.tree.resume(number - 1, peaks)
        self.roots_known = len(peaks) == bin(number - 1).count("1")
        if not agrees or line["size"] != number - 1 or merkle.root_of_peaks(peaks).hex() != line["root"]:
            self.report.contradiction("segment-head", name, number)
        if (number - 1) & 1 and self.roots_known:
            self.previous_leaf = peaks[-1]

    # Checkpoints -----------------------------------------------------------------------------------------------------

    def _checkpoints(self) -> None:
        """Check 3."""
        largest = 0
        numbers = sorted(self.directory.checkpoints)
        for number in numbers:
            name = self.directory.checkpoints[number]
            notes, rest = log_files.read_notes(self.directory.read(name))
            if rest:
                self._rest(name, rest, len(notes) + 1, is_last=number == numbers[-1])
            orphan = self._is_orphan(number, name)
            for place, note in enumerate(notes, 1):
                if note.size < largest:
                    self.report.contradiction("checkpoint-order", name, place)
                largest = max(largest, note.size)
                self._checkpoint(note, name, place, orphan)
        newest = max(self.directory.segments, default=1)
        if self.tree.size > 0 and (self.report.signed < newest - 1 or not self.report.signed):
            self.report.missing("unsigned", f"{newest:012}.checkpoints")

    def _rest(self, name: str, rest: bytes, place: int, is_last: bool) -> None:
        """A note that a crash cut off is no fault in the newest file; anything else that is no note is one."""
        if is_last and rest.count(b"\n") < NOTE_LINES:
            self.report.note(f"{name}: torn note of {len(rest)} bytes")
        else:
            self.report.contradiction("checkpoint-shape", name, place)

    def _is_orphan(self, number: int, name: str) -> bool:
        """Tells whether the segment of a checkpoints file is not here."""
        if number in self.directory.segments:
            return False
        if number > min(self.directory.segments, default=0):
            self.report.missing("segment-missing", name)
        else:
            self.report.note(f"{name}: its segment is no longer kept")
        return True

    def _checkpoint(self, note: Note, name: str, place: int, orphan: bool) -> None:
        fault = self._signer_fault(note)
        if fault is not None:
            self.report.contradiction(fault, name, place)
        if note.size > self.tree.size:
            if not orphan:
                self.report.contradiction("checkpoint-ahead", name, place)
            return
        root = self.tree.root_at(note.size) if self.roots_known else None
        if root is not None and root != note.root:
            self.report.contradiction("checkpoint-root", name, place)
        elif root is not None and fault is None and self.own:
            self.report.signed = max(self.report.signed, note.size)

    def _signer_fault(self, note: Note) -> Optional[str]:
        """Gives the code of what is wrong with a note's name, key or signature; nothing is, where keyrings are missing."""
        station = self._station()
        if station is not None and note.origin != log_files.origin_of(station):
            return "station"
        keys = log_files.log_keys(self.own)
        named = [key for key in keys if log_files.key_hash(note.origin, key.public) == note.key_hash]
        if not named and not self.own_complete:
            return None
        if not any(key.valid_for(note.size) for key in named):
            return "checkpoint-key"
        good = any(key.valid_for(note.size) and note.good_with(key.public) for key in named)
        return None if good else "checkpoint-signature"

    def _station(self) -> Optional[str]:
        if self.own:
            return self.own[0].station
        return self.events.init[0]["station"] if self.events.init is not None else None

    # Notes -----------------------------------------------------------------------------------------------------------

    def _notes(self) -> None:
        if self.directory.others:
            self.report.note("not part of a log: " + ", ".join(self.directory.others))
        for kind, count in sorted(self.unknown_kinds.items()):
            self.report.note(f"{count} lines of the unknown kind {kind}")


def verify(path: str, authority: Optional[str] = None) -> Report:
    """Verifies a log directory; raises OSError or KeyringError when what was given cannot be read."""
    return Verifier(log_files.list_directory(path), authority).run()
