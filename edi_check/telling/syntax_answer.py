"""The 999 (005010X231A1): what the guide's syntax says of each functional group, set by set and segment by segment.

Told are the faults of the guide at level reject; one that was re-levelled below leaves the 999. Faults of one segment's
elements stand under one IK3. The value at fault is repeated (IK404) unless it identifies a person.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from ..findings import Finding
from ..model import FunctionalGroup, Interchange, TransactionSet
from ..report import FileReport
from .dispositions import is_guide_fault
from .x12 import Dialect, GroupOut, SetOut, stream

__all__ = ["SETS", "SyntaxFaults", "answerable_groups", "syntax_groups"]

VERSION = "005010X231A1"

GROUPS = frozenset({
    "BE", "HB", "HC", "HI", "HN", "HP", "HR", "HS", "RA"
})
"""GS01 of what a 999 can answer (AK101); others, and the answers of others, get none."""

SETS = frozenset({
    "270", "271", "276", "277", "278", "820", "834", "835", "837"
})
SEGMENT_CODES = frozenset({
    "1", "2", "3", "4", "5", "6", "7", "8", "I4", "I6", "I7", "I8", "I9"
})
ELEMENT_CODES = frozenset({
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "I10", "I11", "I12", "I13", "I6", "I9"
})
SET_CODES = frozenset({
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "15", "16", "17", "18", "19", "23", "24",
    "25", "26", "27", "I5", "I6"
})
GROUP_CODES = frozenset({
    "1", "2", "3", "4", "5", "6", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "23", "24", "25", "26"
})
HIERARCHY = {"HL01": "628", "HL02": "734"}
"""Data element numbers (IK402) of what is judged across segments."""
CODES_SHOWN = 5
"""IK502 to IK506, AK905 to AK909."""


@dataclass
class ElementLine:
    """An IK4, with the CTX that names what made the element required."""

    position: str
    number: str
    code: str
    value: str
    trigger: str = ""


@dataclass
class SegmentLine:
    """An IK3, with its CTX of the claim and its IK4s."""

    segment_id: str
    position: int
    loop: str
    code: str
    claim: str = ""
    elements: list[ElementLine] = field(default_factory=list)


@dataclass
class SetLines:
    """An AK2 loop. ``codes`` is what follows IK501; it is complete when ``segments`` have been read."""

    id_code: str
    number: str
    convention: str
    result: str
    segments: Iterator[SegmentLine] = field(default_factory=lambda: iter(()))
    found: dict[str, None] = field(default_factory=dict)
    separator: str = "*"

    @property
    def codes(self) -> str:
        if self.result == "A":
            return ""
        return _codes(self.separator, [c for c in self.found if c in SET_CODES] or ["5"])


@dataclass
class GroupLines:
    """The whole answer to a group; ``codes`` is what follows AK904."""

    functional_id: str
    number: str
    version: str
    sets: Iterator[SetLines]
    result: str
    declared: str
    received: int
    accepted: int
    codes: str


def answerable_groups(interchange: Interchange) -> list[FunctionalGroup]:
    """Groups that a 999 can speak of."""
    return [g for g in interchange.groups if g.functional_id in GROUPS]


class SyntaxFaults:
    """The guide's faults at reject in file order, read along with the sets: one pass over the claims, nothing kept."""

    def __init__(self, file: FileReport) -> None:
        faulty = any(r != "A" for r in file.results.ik5.values())
        own = filter(_is_told, file.own_findings()) if faulty else ()
        above = filter(_is_told, file.above_findings())
        self._rest = heapq.merge(above, own, key=lambda f: (f.set_index, f.where.segment))
        self._next: Finding | None = None

    def of_set(self, index: int) -> Iterator[Finding]:
        """Those of set number ``index``; the sets must be asked for in file order."""
        while True:
            finding = self._next or next(self._rest, None)
            self._next = None
            if finding is None:
                return
            if finding.set_index > index:
                self._next = finding
                return
            if finding.set_index == index:
                yield finding


def _is_told(finding: Finding) -> bool:
    return finding.level == "reject" and (
        is_guide_fault(finding.edit) or finding.scope == "set") and finding.set_index > 0


def _place(finding: Finding) -> tuple[int, str, str, str]:
    """What makes one IK3: findings that agree in it stand together."""
    where = finding.where
    return where.set_segment, where.segment_id, where.loop, _segment_code(finding)


def syntax_groups(file: FileReport, interchange: Interchange, dialect: Dialect, faults: SyntaxFaults,
                  codes: dict[int, list[str]], numbers: Iterator[int]) -> Iterator[GroupOut]:
    """A 999 set in a group of its own for each group of the interchange. ``codes``: those of AK905, by group. The
    sets of a group whose guide we don't read are not spoken of one by one."""
    template = dialect.template("999.x12.j2")
    for group in answerable_groups(interchange):
        body = stream(template, group=_group(file, group, dialect, faults, codes.get(group.index, [])))
        yield GroupOut("FA", VERSION, group, next(numbers), [SetOut("999", body)])


def _group(file: FileReport, group: FunctionalGroup, dialect: Dialect, faults: SyntaxFaults,
           codes: list[str]) -> GroupLines:
    results = [file.results.ik5.get(s.index, "R") for s in group.sets]
    declared = group.declared_sets if group.declared_sets.isdecimal() and len(group.declared_sets) <= 6 else ""
    return GroupLines(
        group.functional_id, _digits(group.control_number, 9), dialect.text(group.version, 12, 1, "UNKNOWN"),
        (_set(file, s, dialect, faults) for s in group.sets if group.is_professional and s.id_code in SETS),
        file.results.ak9.get(group.index, "R"), declared or str(len(results)), len(results),
        sum(r in ("A", "E") for r in results),
        _codes(dialect.delimiters.element, [c for c in codes if c in GROUP_CODES]))


def _digits(text: str, longest: int) -> str:
    return text[:longest] if text.isascii() and text.isdigit() else "0"


def _codes(separator: str, codes: list[str]) -> str:
    return "".join(separator + c for c in codes[:CODES_SHOWN])


def _set(file: FileReport, st: TransactionSet, dialect: Dialect, faults: SyntaxFaults) -> SetLines:
    lines = SetLines(st.id_code, dialect.text(st.control_number, 9).zfill(4), dialect.text(st.convention, 35),
                     file.results.ik5.get(st.index, "R"), separator=dialect.delimiters.element)
    lines.segments = _segments(faults.of_set(st.index), dialect, lines.found)
    return lines


def _is_implementation(finding: Finding) -> bool:
    """Does the guide say it, and not the standard?"""
    return finding.ik4.startswith("I") or (not finding.ik4 and finding.ik3.startswith("I"))


def _together(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of each segment in order of what makes an IK3; they come ordered by segment only."""
    for _, of_segment in groupby(findings, key=lambda f: f.where.segment):
        yield from sorted(of_segment, key=_place)


def _segments(findings: Iterator[Finding], dialect: Dialect, found: dict[str, None]) -> Iterator[SegmentLine]:
    """An IK3 for each segment at fault, its element faults together; the set's own codes go into ``found``."""
    for (position, segment_id, loop, code), together in groupby(_together(findings), key=_place):
        faults = []
        for f in together:
            if f.edit.startswith("IK5-"):
                found[f.edit[4:]] = None
            else:
                found["I5" if _is_implementation(f) else "5"] = None
                faults.append(f)
        if not faults:
            continue
        number = next((f.claim_number for f in faults if f.claim_number), "")
        line = SegmentLine(_segment_id(segment_id), max(position, 1), _loop_id(loop, dialect), code,
                           dialect.text(number, 35))
        if code == "8":
            faults.sort(key=lambda f: _position(f.where.element, f.where.segment_id))  # as they stand in the segment
            line.elements = [e for f in faults if (e := _element(f, dialect))]
        yield line


def _segment_code(finding: Finding) -> str:
    return finding.ik3 if finding.ik3 in SEGMENT_CODES else "8"


def _segment_id(segment_id: str) -> str:
    """IK301 has two or three letters and digits; a segment id that hasn't is cut or filled."""
    kept = "".join(c for c in segment_id if c.isascii() and c.isalnum())
    return kept[:3].ljust(2, "0")


def _loop_id(loop: str, dialect: Dialect) -> str:
    """IK303 and CTX04: four characters of the guide's loop id. ST, BHT and SE stand in none (``HEADER`` and ``ST_LOOP``
    are names of the map, not of the guide), and there the element is left empty, as its S allows."""
    return dialect.text(loop, 4) if loop[:1].isdigit() else ""


def _element(finding: Finding, dialect: Dialect) -> ElementLine | None:
    where = finding.where
    position, component = _position(where.element, where.segment_id)
    if not position:
        return None
    repetition = str(where.repetition) if where.repetition > 1 or (where.repetition and component) else ""
    code = finding.ik4 if finding.ik4 in ELEMENT_CODES else "7"
    value = "" if where.is_private else dialect.text(_as_sent(where.value, where.repetition, dialect), 99)
    number = finding.data_element if finding.data_element.isdigit() else HIERARCHY.get(where.element, "")
    composite = dialect.composite(str(position), str(component) if component else "", repetition)
    return ElementLine(composite, number, code, value, _trigger(finding, position, dialect))


def _as_sent(value: str, repetition: int, dialect: Dialect) -> str:
    """What IK404 repeats: of an element repeated too often the repetition that IK401 names. ``""`` for a value that
    holds a delimiter: in the answer it would be another value."""
    received = dialect.received
    if repetition and received.repetition and received.repetition in value:
        value = (value.split(received.repetition) + [""] * repetition)[repetition - 1]
    return "" if any(c and c in value for c in received) else value


def _position(designator: str, segment_id: str) -> tuple[int, int]:
    """Element and component of a designator.

    >>> _position("SV101-2", "SV1"), _position("NM109", "NM1"), _position("NM1", "NM1")
    ((1, 2), (9, 0), (0, 0))
    """
    element, _, component = designator.removeprefix(segment_id).partition("-")
    if not element.isdigit() or not 0 < int(element) < 100:
        return 0, 0
    return int(element), int(component) if component.isdigit() and int(component) < 100 else 0


def _trigger(finding: Finding, position: int, dialect: Dialect) -> str:
    """The CTX segment's elements after CTX01 for a fault against a syntax note (``P0809``, ``C0302``): segment,
    place, loop, and the element that made this one required or forbidden."""
    note = finding.trigger
    if not note or note[0] not in "PCLE" or len(note) % 2 == 0:
        return ""
    others = [n for n in (int(note[i : i + 2]) for i in range(1, len(note), 2) if note[i : i + 2].isdigit())
              if n != position]
    if not others:
        return ""
    where = finding.where
    return dialect.delimiters.element.join((
        _segment_id(where.segment_id), str(max(where.set_segment, 1)), _loop_id(where.loop, dialect), str(others[0])))
