"""What a run leaves: a report of files, each with its envelope, its claims, its findings and its counts.

A file may hold hundreds of thousands of claims, so their rows lie in a spool and are read one by one
(``FileReport.claims``); findings listed are bounded by ``max_findings`` an edit. Everything else is small.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .findings import Counts, Edit, Fault, Finding, NotEvaluated
from .model import Interchange
from .rows import Overruled, acknowledged, unpacked
from .sources import Source
from .spool import Spool

__all__ = ["ClaimResult", "FileReport", "PackInfo", "Report", "TableInfo", "TransactionResult"]


class PackInfo(NamedTuple):
    """A pack that took part in the run."""

    id: str
    title: str
    version: str
    source: str


class TableInfo(NamedTuple):
    """A table that the run could look into: ``kind`` ``ptp``, ``mue``, ``icd10cm`` or ``procedures``, ``lob`` of NCCI,
    ``label`` its edition (``2026Q2``), ``part`` of a PTP table (0: the whole), the days of service it speaks of (ISO),
    the file it came from. Which of them speaks for a service its day decides."""

    kind: str
    lob: str
    label: str
    part: int
    first: str
    last: str
    name: str
    sha256: str


class ClaimResult(NamedTuple):
    """A claim after *settle*. ``charge`` as a decimal string (``""`` when it can't be read), ``length`` the bytes from
    CLM to the terminator of its last segment. ``ak`` holds what a 277CA will need; ``levels`` where its HL levels
    stand. ``packed`` are all of the claim's own findings (a few), not bounded by ``max_findings``."""

    index: int  # type: ignore[assignment]  # tuple.index isn't missed
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
    packed: tuple[Any, ...] = ()
    ak: tuple[Any, ...] = ()
    levels: tuple[int, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The claim's own findings, those of *settle* included."""
        return tuple(unpacked(f) for f in self.packed)


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
    slow_but_clean: int = 0
    """Valid segments that the fast lane refused: a figure for those who work on the reader."""
    not_evaluated: list[NotEvaluated] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    providers: list[tuple[Any, ...]] = field(default_factory=list)
    """(name, qualifier, id, type, last, first, middle, suffix, tax id, set index) of each billing level, by
    ``ClaimResult.provider`` - 1."""
    rows: Spool = field(default_factory=Spool)
    details: Spool = field(default_factory=Spool)
    above: Spool = field(default_factory=Spool)
    overruled: Overruled = field(default_factory=Overruled)
    refused_sets: dict[int, str] = field(default_factory=dict)
    refused_levels: tuple[frozenset[int], frozenset[int], frozenset[int]] = (frozenset(), frozenset(), frozenset())
    """Numbers of the billing, subscriber and patient levels with a fault that takes their claims."""
    source: Source | None = None

    @property
    def is_acknowledgment(self) -> bool:
        """Does it hold answers to claims (GS01 FA: 999 and 997, HN: 277CA) and nothing else?"""
        kinds = {group.functional_id for interchange in self.interchanges for group in interchange.groups}
        return bool(kinds) and kinds <= {"FA", "HN"}

    def claims(self) -> Iterator[ClaimResult]:
        """The claims in file order, as settled, with all that is kept of them."""
        for row, details in zip(self.rows, self.details, strict=True):
            yield self._settled(ClaimResult._make(row + acknowledged(details)))

    def outlines(self) -> Iterator[tuple[Any, ...]]:
        """The first sixteen fields of each claim, as settled, as plain tuples: for whoever only lists the claims."""
        if self.refused_sets or any(self.refused_levels):
            for claim in self.claims():
                yield tuple(claim[:16])
        elif not self.overruled:
            yield from self.rows
        else:
            overruled = zip(self.overruled.claims, self.overruled.spool, strict=True)
            index, outcome = next(overruled)
            for row in self.rows:
                if row[0] == index:
                    yield (*row[:2], outcome[0], *row[3:])
                    index, outcome = next(overruled, (0, None))
                else:
                    yield row

    def claim(self, index: int) -> ClaimResult:
        """The claim with this 1-based index. Raises IndexError."""
        return self._settled(ClaimResult._make(self.rows[index - 1] + acknowledged(self.details[index - 1])))

    def _settled(self, claim: ClaimResult) -> ClaimResult:
        """A claim refused with its set or a level above it, or overruled."""
        outcome, levels = self.overruled.of(claim.index), self.refused_levels
        if outcome is not None:
            claim = claim._replace(disposition=outcome[0], packed=(*claim.packed, *outcome[1]))
        if (
            claim.set_index in self.refused_sets
            or claim.provider in levels[0]
            or claim.subscriber in levels[1]
            or claim.levels[6] in levels[2]
        ):
            claim = claim._replace(disposition="rejected")
        return claim

    def above_findings(self) -> Iterator[Finding]:
        """Every finding above claims, not bounded by ``max_findings``, in segment order."""
        for row in self.above:
            yield unpacked(row)

    def own_findings(self) -> Iterator[Finding]:
        """What the claims say themselves, claim by claim in file order; what *settle* found is not among it."""
        for packed, *_ in self.details:
            for row in packed:
                yield unpacked(row)

    def read_at(self, offset: int, length: int) -> builtins.bytes:
        """Some bytes of the unpacked file. Raises ValueError when the source can't be read any more."""
        if self.source is None:
            raise ValueError("the source of this report is not at hand any more")
        return self.source.read_at(offset, length)


@dataclass
class Report:
    """The whole run. ``edits`` is the catalogue that took part, by id, at the levels in force;
    ``left_out`` what the settings keep from running: ranges of SNIP types, then ids of edits that are off."""

    as_of: str
    packs: list[PackInfo] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    edits: dict[str, Edit] = field(default_factory=dict)
    version: str = ""
    fail_on: str = "reject"
    show_values: bool = False
    tables: list[TableInfo] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

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
