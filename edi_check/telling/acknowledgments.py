"""TA1, 999 and 277CA of a file: which of them answers what, and their interchanges.

What follows what (contract, section 4): an interchange refused by a TA1 gets nothing else; a 999 answers each
functional group of the others; a 277CA answers each transaction set that neither its group nor its own 999 refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from ..model import Interchange
from ..report import FileReport
from .claim_answer import ClaimAnswer, ClaimSource
from .dispositions import is_answerable
from .settings import AckSettings
from .syntax_answer import SyntaxFaults, answerable_groups, syntax_groups
from .x12 import ControlNumbers, Dialect, write_interchange

__all__ = ["KINDS", "Acknowledgments"]

KINDS = ("ta1", "999", "277ca")
"""The file extensions of the contract, and the order in which they are sent."""


NO_ERROR, CONTENT, DUPLICATE = "000", "024", "025"
"""TA105."""


@dataclass
class Acknowledgments:
    """The answers to one file. ``as_of`` is the day of receipt, YYYY-MM-DD; ``numbers`` are shared by the files of a
    run."""

    file: FileReport
    as_of: str
    settings: AckSettings = field(default_factory=AckSettings)
    numbers: ControlNumbers = field(default_factory=ControlNumbers)

    def __post_init__(self) -> None:
        self._day = self.as_of.replace("-", "")
        self._notes, self._group_codes = _envelope_codes(self.file)

    def write(self, kind: str, out: TextIO) -> int:
        """Write the ``ta1``, ``999`` or ``277ca`` file to ``out`` (ASCII); returns how many interchanges it holds. A
        file that would hold none should not be left lying."""
        return {"ta1": self._ta1, "999": self._syntax, "277ca": self._claims}[kind](out)

    def _take(self, kind: str, *purpose: object) -> int:
        return self.numbers.take(kind, self.as_of, self.file.sha256 or self.file.path, *map(str, purpose))

    def _group_numbers(self, kind: str, interchange: Interchange) -> Iterator[int]:
        n = 0
        while True:
            n += 1
            yield self._take(kind, interchange.index, n)

    def _ta1(self, out: TextIO) -> int:
        count = 0
        for interchange in self.file.interchanges:
            result = self.file.results.ta1.get(interchange.index, "R")
            if is_answerable(interchange) and (result == "R" or interchange.acknowledgment_requested == "1"):
                count += 1
                dialect = Dialect(interchange.delimiters)
                note = self._notes.get(interchange.index, CONTENT) if result != "A" else NO_ERROR
                segment = dialect.template("ta1.x12.j2").render(
                    number=interchange.control_number.strip(), day=interchange.date.strip()[-6:],
                    time=interchange.time.strip(), result=result, code=note)
                number = self._take("TA1", interchange.index)
                write_interchange(out, dialect, interchange, number, self._day, self.settings.time_told, ta1=segment)
        return count

    def _answered(self) -> Iterator[Interchange]:
        for interchange in self.file.interchanges:
            if self.file.results.ta1.get(interchange.index, "R") != "R" and is_answerable(interchange):
                yield interchange

    def _syntax(self, out: TextIO) -> int:
        count = 0
        faults = SyntaxFaults(self.file)
        for interchange in self._answered():
            if answerable_groups(interchange):
                count += 1
                dialect = Dialect(interchange.delimiters)
                groups = syntax_groups(self.file, interchange, dialect, faults, self._group_codes,
                                       self._group_numbers("FA", interchange))
                write_interchange(out, dialect, interchange, self._take("999", interchange.index), self._day,
                                  self.settings.time_told, groups)
        return count

    def _claims(self, out: TextIO) -> int:
        count = 0
        source: ClaimSource | None = None
        for interchange in self._answered():
            answered = {s.index for g in interchange.groups if g.is_professional and g.index not in self._group_codes
                        for s in g.sets if s.is_professional and self.file.results.ik5.get(s.index, "R") != "R"}
            if answered:
                count += 1
                source = source or ClaimSource(self.file)
                dialect = Dialect(interchange.delimiters)
                answer = ClaimAnswer(interchange, source, dialect, self.settings, self._day)
                groups = answer.groups(answered, self._group_numbers("HN", interchange))
                write_interchange(out, dialect, interchange, self._take("277", interchange.index), self._day,
                                  self.settings.time_told, groups)
        return count


def _envelope_codes(file: FileReport) -> tuple[dict[int, str], dict[int, list[str]]]:
    """TA105 by interchange, of the first fault at reject or else of the first below it; AK905 codes by group."""
    notes: dict[int, str] = {}
    mild: dict[int, str] = {}
    groups: dict[int, dict[str, None]] = {}
    for f in file.above_findings():
        if f.edit.startswith("AK9-") and f.level == "reject":
            groups.setdefault(f.group, {})[f.edit[4:]] = None
        elif f.edit.startswith("TA1-") or f.scope == "interchange":
            code = f.edit[4:] if f.edit.startswith("TA1-") else DUPLICATE if f.edit == "CORE-DUP-04" else CONTENT
            (notes if f.level == "reject" else mild).setdefault(f.interchange, code)
    return mild | notes, {group: list(codes) for group, codes in groups.items()}
