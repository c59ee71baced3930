"""What the lines say about packets, and whether that fits together (LOG.md section 6, checks 4 to 7)."""
from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

import merkle
from log_lines import Line
from log_report import Report

Epoch = Tuple[str, str]
"""A channel and an epoch of it."""
ZERO_DIGEST = "0" * 64


class OwnEpoch:
    """What was packed in one own epoch."""

    def __init__(self) -> None:
        self.first: Optional[int] = None
        self.last = 0
        self.last_number = 0


class PeerEpoch:
    """What was seen, waived and applied in one epoch of the peer's."""

    def __init__(self) -> None:
        self.seen: Dict[int, Set[str]] = {}
        self.waived: List[Tuple[int, int]] = []
        self.applied: Set[int] = set()
        self.lowest = 1
        self.ended: Optional[int] = None
        self.highest = 0
        self.named_at = ("", 0)
        self.first: Optional[int] = None
        self.next = 1

    def name(self, highest: int, file: str, place: int) -> None:
        """Remembers the highest seq that is known to exist, and where the log says so."""
        if highest > self.highest:
            self.highest, self.named_at = highest, (file, place)

    def missing(self) -> List[Tuple[int, int]]:
        """Gives the ranges of seqs that are known to exist and were neither seen nor waived."""
        here = sorted([(seq, seq) for seq in self.seen] + self.waived)
        ranges, low = [], self.lowest
        highest = self.highest if self.ended is None else min(self.highest, self.ended)
        for first, last in here + [(highest + 1, highest + 1)]:
            if low < first <= highest + 1:
                ranges.append((low, first - 1))
            low = max(low, last + 1)
        return ranges

    def may_apply(self, seq: int) -> bool:
        """Tells whether a seq is the next one, but for waived ones between."""
        at = self.next
        for low, high in sorted(self.waived):
            if low <= at <= high:
                at = high + 1
        return seq == self.next or self.next < seq <= at


class PeerHead(NamedTuple):
    """One head of the peer's log, as a packet of this number carried it."""

    number: int
    size: int
    root: str
    file: str
    line: int
    history: int


class Events:
    """Reads the lines in order. `partial` is set once lines before the present one are not there."""

    def __init__(self, report: Report, tree: merkle.Tree) -> None:
        self.report = report
        self.tree = tree
        self.partial = False
        self.own: Dict[Epoch, OwnEpoch] = {}
        self.peers: Dict[Epoch, PeerEpoch] = {}
        self.packed_headers: Dict[str, int] = {}
        self.packed_numbers: Dict[int, Set[str]] = {}
        self.heads: Dict[str, List[PeerHead]] = {}
        self.restored: Dict[str, int] = {}
        self.undecided: Set[str] = set()
        self.released: Dict[str, int] = {}
        self.logs: Dict[Tuple[str, int], int] = {}
        self.lines_lost = False
        self.trusted: List[Tuple[str, str, str, int]] = []
        self.renewed: List[Tuple[str, str, int]] = []
        self.init: Optional[Tuple[Line, str]] = None
        self._on: Dict[str, Callable[[Line, str, int], None]] = {
            "init": self._init, "trust": self._trust, "packed": self._packed, "left": self._left,
            "seen": self._seen, "signal": self._signal, "applied": self._applied, "waived": self._waived,
            "gap": self._gap, "epoch": self._epoch, "restored": self._restored,
            "released": self._released, "keyring": self._keyring,
        }

    def read(self, line: Line, file: str, place: int) -> None:
        """Takes one well-formed line that stands at `place` (its number by position)."""
        handler = self._on.get(line["kind"])
        if handler is not None:
            handler(line, file, place)

    def gap(self) -> None:
        """Lines are missing here: channels begin anew, and a packet that was missing may have come in the meantime."""
        self.partial = True
        self._cover()
        self.own.clear()
        self.peers.clear()

    def _init(self, line: Line, file: str, place: int) -> None:
        if place != 2:
            self.report.contradiction("init-place", file, place)
        self.init = self.init or (line, file)

    def _trust(self, line: Line, file: str, place: int) -> None:
        self.trusted.append((line["peer"], line["keyring"], file, place))

    def _keyring(self, line: Line, file: str, place: int) -> None:
        self.renewed.append((line["keyring"], file, place))

    def _packed(self, line: Line, file: str, place: int) -> None:
        """Check 4: seqs count up from 1 without holes, numbers rise."""
        epoch = self.own.setdefault((line["channel"], line["epoch"]), OwnEpoch())
        if epoch.first is None:
            epoch.first = line["seq"]
            expected = max(1, line["seq"]) if self.partial else 1
        else:
            expected = epoch.last + 1
        if line["seq"] != expected:
            self.report.contradiction("packed-seq", file, place)
        if line["number"] <= epoch.last_number:
            self.report.contradiction("packed-number", file, place)
        epoch.last, epoch.last_number = line["seq"], line["number"]
        self.packed_headers[line["header"]] = line["number"]
        self.packed_numbers.setdefault(line["number"], set()).add(line["header"])

    def _left(self, line: Line, file: str, place: int) -> None:
        """Check 4: what was left is what was packed."""
        if self.packed_headers.get(line["header"]) == line["number"]:
            return
        known_otherwise = line["header"] in self.packed_headers or line["number"] in self.packed_numbers
        if known_otherwise or not self.partial:
            self.report.contradiction("left-unknown", file, place)

    def _seen(self, line: Line, file: str, place: int) -> None:
        peer = self._peer(line)
        peer.seen.setdefault(line["seq"], set()).add(line["header"])
        peer.name(line["seq"], file, place)
        self._signal(line, file, place)

    def _signal(self, line: Line, file: str, place: int) -> None:
        self._echo(line, file, place)
        head = PeerHead(line["number"], line["size"], line["peer_root"], file, place, self.restored.get(line["peer"], 0))
        self.heads.setdefault(line["peer"], []).append(head)

    def _echo(self, line: Line, file: str, place: int) -> None:
        """Check 6: what the peer says of this log is true of the tree before this line."""
        size, root = line["echo_size"], line["echo_root"]
        # Behind a line that says that this station was restored the peer may speak of lines that were lost.
        lost = self.init is not None and self.init[0]["station"] in self.restored
        if size == 0:
            if root not in (ZERO_DIGEST, merkle.EMPTY_ROOT.hex()):
                self.report.contradiction("echo-root", file, place)
            return
        if size >= place:
            self._does_not_fit("echo-ahead", lost, file, place)
            return
        own = self.tree.root_at(size)
        if own is not None and own.hex() != root:
            self._does_not_fit("echo-root", lost, file, place)
        elif own is not None:
            self.report.witnessed = max(self.report.witnessed, size)

    def _does_not_fit(self, code: str, lost: bool, file: str, place: int) -> None:
        """What the peer vouches for is not here: a contradiction, or lines that were lost with a newer copy; the log key could say that, too."""
        if not lost:
            self.report.contradiction(code, file, place)
        elif not self.lines_lost:
            self.lines_lost = True
            self.report.missing("lines-lost", file, place)

    def _peer(self, line: Line) -> PeerEpoch:
        """Finds the epoch a line is about; one that begins before the lines at hand begins where it is first met."""
        key = (line["channel"], line["epoch"])
        if key not in self.peers:
            self.peers[key] = PeerEpoch()
            if self.partial:
                self.peers[key].lowest = line["seq"] if "seq" in line else line["from"]
        return self.peers[key]

    def _gap(self, line: Line, file: str, place: int) -> None:
        self._peer(line).name(line["to"], file, place)

    def _epoch(self, line: Line, file: str, place: int) -> None:
        """A later epoch begins: what lies behind it in the old one comes again there."""
        ended = self.peers.get((line["channel"], line["old_epoch"]))
        if ended is not None:
            ended.ended = line["old_seq"]

    def _restored(self, line: Line, file: str, place: int) -> None:
        peer = line["peer"]
        self.restored[peer] = self.restored.get(peer, 0) + 1
        self.undecided.add(peer)
        self.logs[peer, self.restored[peer]] = 1 + self.released.get(peer, 0)

    def _released(self, line: Line, file: str, place: int) -> None:
        """A person lets a restored peer go on as it is: packets of the copy before may still come."""
        if line["code"] != "restored":
            return
        for peer in self.undecided:
            self.released[peer] = self.released.get(peer, 0) + 1
            self.logs[peer, self.restored[peer]] = 1 + self.released[peer]
        self.undecided.clear()

    def _waived(self, line: Line, file: str, place: int) -> None:
        peer = self._peer(line)
        if any(line["from"] <= seq <= line["to"] for seq in peer.applied):
            self.report.contradiction("applied-waived", file, place)
        if line["from"] <= line["to"]:
            peer.waived.append((line["from"], line["to"]))
            peer.name(line["to"], file, place)

    def _applied(self, line: Line, file: str, place: int) -> None:
        """Check 5: seqs count up without holes but for waived ones, each after a `seen` of the same header."""
        seq = line["seq"]
        peer = self._peer(line)
        if peer.first is None and self.partial:
            peer.next = max(seq, peer.next)
        if not peer.may_apply(seq):
            self.report.contradiction("applied-seq", file, place)
        seen = peer.seen.get(seq)
        if (seen is None and not self.partial) or (seen is not None and line["header"] not in seen):
            self.report.contradiction("applied-unseen", file, place)
        if any(low <= seq <= high for low, high in peer.waived):
            self.report.contradiction("applied-waived", file, place)
        peer.applied.add(seq)
        peer.first = seq if peer.first is None else peer.first
        # What was applied was here, even where the `seen` line is older than the lines that are kept.
        peer.seen.setdefault(seq, set()).add(line["header"])
        peer.next = seq + 1

    def finish(self) -> None:
        """Runs what needs all lines, and states the coverage."""
        for peer in self.peers.values():
            if peer.missing():
                self.report.missing("packet-missing", *peer.named_at)
        for peer, heads in self.heads.items():
            for history in {head.history for head in heads}:
                logs = self.logs.get((peer, history), 1)
                self._check_heads([head for head in heads if head.history == history], logs)
        self._cover()

    def _cover(self) -> None:
        """States the coverage of the epochs at hand."""
        for (channel, epoch), own in sorted(self.own.items()):
            self.report.channels.append({"direction": "out", "channel": channel, "epoch": epoch, "packed": own.last})
        for (channel, epoch), peer in sorted(self.peers.items()):
            self.report.channels.append(_coverage(channel, epoch, peer))

    def _check_heads(self, heads: List[PeerHead], logs: int) -> None:
        """Check 7, in the order of the packets' numbers: packets may arrive in any order, each of the peer's logs only grows."""
        roots: Dict[int, Set[str]] = {}
        falls: List[Tuple[int, int]] = []
        for head in sorted(heads, key=lambda head: (head.number, head.size)):
            length = 1 + max((length for size, length in falls if size > head.size), default=0)
            if length > logs:
                self.report.contradiction("peer-falls", head.file, head.line)
            else:
                # Of the heads that end a fall of one length the largest says all.
                falls = [fall for fall in falls if fall[1] != length or fall[0] > head.size]
                falls.append((head.size, length))
            if head.size > 0:
                known = roots.setdefault(head.size, set())
                known.add(head.root)
                if len(known) > logs:
                    self.report.contradiction("peer-two-roots", head.file, head.line)


def _coverage(channel: str, epoch: str, peer: PeerEpoch) -> Dict[str, Any]:
    """States what of a peer's epoch was applied, waived, or seen and still waits."""
    applied = peer.next - 1 if peer.first is not None else 0
    waiting = sorted(seq for seq in peer.seen if seq > applied)
    return {
        "direction": "in", "channel": channel, "epoch": epoch, "applied": applied,
        "waived": [list(part) for part in peer.waived], "waiting": waiting,
        "missing": [list(part) for part in peer.missing()],
    }
