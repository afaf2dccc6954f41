"""What a run leaves: a report of files, each with its envelope, its claims, its findings and its counts.

A file may hold hundreds of thousands of claims, so their rows lie in a spool and are read one by one
(``FileReport.claims``); findings listed are bounded by ``max_findings`` an edit. Everything else is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .findings import Counts, Edit, Fault, Finding, NotEvaluated
from .model import Interchange
from .spool import Spool

__all__ = ["ClaimResult", "FileReport", "PackInfo", "Report", "TransactionResult"]


class PackInfo(NamedTuple):
    """A pack that took part in the run."""

    id: str
    title: str
    version: str
    source: str


class ClaimResult(NamedTuple):
    """A claim after *settle*. ``charge`` as a decimal string (``""`` when it can't be read), ``length`` the bytes from
    CLM to the terminator of its last segment. ``ak`` holds what a 277CA will need; ``levels`` where its HL levels
    stand. ``findings`` are all of the claim's own (a few), ungated by ``max_findings``."""

    index: int
    number: str
    disposition: str
    charge: str
    lines: int
    lob: str
    payer_id: str
    interchange: int
    group: int
    set_index: int
    set_control_number: str
    segment: int
    offset: int
    length: int
    provider: int
    subscriber: int
    findings: tuple[Finding, ...] = ()
    ak: tuple[Any, ...] = ()
    levels: tuple[int, ...] = ()


class TransactionResult(NamedTuple):
    """What the acknowledgments will say of an envelope: ``ta1`` of interchanges, ``ak9`` of groups, ``ik5`` of sets, by
    their 1-based index in the file."""

    ta1: dict[int, str]
    ak9: dict[int, str]
    ik5: dict[int, str]


@dataclass
class FileReport:
    """One input file. ``disposition``: accepted (all claims), partial, rejected (all claims or the file), unreadable.
    ``findings`` sorted by segment, edit, claim, line; ``omitted`` counts by edit those beyond ``max_findings``."""

    path: str
    sha256: str = ""
    bytes: int = 0
    disposition: str = "accepted"
    interchanges: list[Interchange] = field(default_factory=list)
    results: TransactionResult = field(default_factory=lambda: TransactionResult({}, {}, {}))
    counts: Counts = field(default_factory=Counts)
    findings: list[Finding] = field(default_factory=list)
    omitted: dict[str, int] = field(default_factory=dict)
    not_evaluated: list[NotEvaluated] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    providers: list[tuple[str, str, str]] = field(default_factory=list)
    """(name, id qualifier, id) of each billing provider level, by ``ClaimResult.provider`` - 1."""
    rows: Spool = field(default_factory=Spool)
    outcomes: dict[int, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)
    """Claims whose row *settle* overruled: index to (disposition, further findings packed)."""

    def claims(self) -> Iterator[ClaimResult]:
        """The claims in file order, as settled."""
        from .rows import unpack

        for row in self.rows:
            yield unpack(row, self.outcomes.get(row[0]), self.results)

    def claim(self, index: int) -> ClaimResult:
        """The claim with this 1-based index. Raises IndexError."""
        from .rows import unpack

        return unpack(self.rows[index - 1], self.outcomes.get(index), self.results)


@dataclass
class Report:
    """The whole run. ``edits`` is the catalogue that took part, by id, at the levels in force."""

    as_of: str
    packs: list[PackInfo] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    edits: dict[str, Edit] = field(default_factory=dict)
    version: str = ""
    fail_on: str = "reject"
    show_values: bool = False

    @property
    def exit_code(self) -> int:
        """70 a fault of ours, 3 something not checked, 1 findings at or above ``fail_on``, else 0."""
        from .findings import is_at_least

        if any(f.faults for f in self.files):
            return 70
        if any(f.disposition == "unreadable" for f in self.files):
            return 3
        for f in self.files:
            for level, n in f.counts.findings.items():
                if n and is_at_least(level, self.fail_on):
                    return 1
        return 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON report of CONTRACT section 2 as plain values (all claims in memory; stream it with
        ``render(report, "json")`` when the file is large)."""
        from .telling.json_report import to_dict

        return to_dict(self)
