"""What a verification of a packet log finds (LOG.md section 6)."""
from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

PASS, FAIL, INCOMPLETE = "PASS", "FAIL", "INCOMPLETE"
MAX_FAULTS = 1000
UNANCHORED = "密钥取自本目录，仅证明自洽"


class Fault(NamedTuple):
    """One finding: `line` is the line's number in the log, in a checkpoints file the note's place, else 0."""

    code: str
    file: str
    line: int
    missing: bool = False


class Report:
    """Collects findings; the verdict is theirs."""

    def __init__(self) -> None:
        self.faults: List[Fault] = []
        self.notes: List[str] = []
        self.channels: List[Dict[str, Any]] = []
        self.anchored = False
        self.lines = 0
        self.signed = 0
        self.witnessed = 0

    def contradiction(self, code: str, file: str, line: int = 0) -> None:
        """Records what makes the verdict FAIL."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(code, file, line))

    def missing(self, code: str, file: str, line: int = 0) -> None:
        """Records what makes the verdict INCOMPLETE."""
        self.faults.append(Fault(code, file, line, True))

    def note(self, text: str) -> None:
        """Records what does not touch the verdict."""
        self.notes.append(text)

    @property
    def verdict(self) -> str:
        """FAIL on any contradiction, INCOMPLETE when something is missing, else PASS."""
        if any(not fault.missing for fault in self.faults):
            return FAIL
        return INCOMPLETE if self.faults else PASS

    def as_json(self) -> Dict[str, Any]:
        """Gives the report as `--json` prints it."""
        return {
            "verdict": self.verdict,
            "anchored": self.anchored,
            "lines": self.lines,
            "signed": self.signed,
            "witnessed": self.witnessed,
            "faults": [{"code": fault.code, "file": fault.file, "line": fault.line} for fault in self.faults],
            "channels": self.channels,
            "notes": self.notes,
        }

    def as_text(self) -> str:
        """Gives the report for people."""
        lines = [] if self.anchored else [UNANCHORED]
        lines += [f"{fault.file}:{fault.line}: {fault.code}" for fault in self.faults]
        lines += [f"note: {note}" for note in self.notes]
        lines.append(f"{self.verdict}: {self.lines} lines, {self.signed} signed, {self.witnessed} witnessed, "
                     f"unwitnessed tail {max(0, self.lines - self.witnessed)}")
        return "\n".join(lines)
