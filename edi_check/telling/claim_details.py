"""A claim unfolded: its service lines and its segments, each faulty element marked, what is said of it beside it.

The segments are cut from the file's own bytes, the lines from what is kept of each claim. Values that identify a person
are masked by ``spots``. A claim whose bytes are not at hand any more has lines and no segments. Not a judge: what is
marked is what the findings say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..findings import Finding
from ..model import Delimiters, Place
from ..phrases import day_told
from ..privacy import MASK, is_private_in_view, legible
from ..report import ClaimResult, FileReport
from .finding_told import FindingView, money
from .spots import Spot, designated, spot

__all__ = ["Details", "LineView", "SegmentView", "Stretch", "Told"]

WINDOW = 1 << 20
REMEMBERED = 8192
BLANK = "\r\n \t\x00\x1a"
UNITS = {"MJ": "min"}
LEVELS = ("Billing provider", "Subscriber", "Patient")


class Told(NamedTuple):
    """A finding and how it is told."""

    finding: Finding
    view: FindingView


class SegmentView(NamedTuple):
    """``pieces`` of its text, each with whether it is the fault's; ``notes`` what is said of it."""

    pieces: Sequence[tuple[str, bool]]
    notes: Sequence[FindingView] = ()


@dataclass(slots=True)
class Stretch:
    """Segments that follow one another, the first being number ``first`` of the file."""

    title: str
    first: int
    segments: list[SegmentView] = field(default_factory=list)


class LineView(NamedTuple):
    """A service line. ``findings`` are told of this line."""

    number: int
    days: str
    procedure: str
    modifiers: str
    diagnoses: str
    units: str
    charge: str
    findings: Sequence[FindingView]


class Details:
    """Unfolds claims of one file, best asked in file order: the bytes come from a window that moves along."""

    def __init__(self, file: FileReport, show_values: bool) -> None:
        self._file, self._show_values = file, show_values
        self._delimiters = {i.index: i.delimiters for i in file.interchanges}
        self._start, self._window = 0, b""
        # Segments repeat (LX*1, a day, a common service): what they look like is worked out once.
        self._plain: dict[tuple[str, Delimiters], str] = {}
        self._services: dict[tuple[str, Delimiters], tuple[str, str, str, str, str]] = {}

    def delimiters(self, interchange: int) -> Delimiters:
        return self._delimiters.get(interchange, Delimiters())

    def stretches(self, claim: ClaimResult, told: Sequence[Told]) -> list[Stretch]:
        """The claim's own segments, after those of the levels above in which a finding stands."""
        found = []
        for n, title in enumerate(LEVELS):
            offset, length = claim.levels[2 * n : 2 * n + 2] if len(claim.levels) > 5 else (0, 0)
            above = [t for t in told if offset <= t.finding.where.offset < offset + length]
            if above:
                found.append(self._stretch(title, claim.interchange, offset, length, above, 0))
        own = self._stretch("Claim", claim.interchange, claim.offset, claim.length, told, claim.segment)
        return [s for s in (*found, own) if s.segments]

    def _stretch(self, title: str, interchange: int, offset: int, length: int, told: Sequence[Told],
                 first: int) -> Stretch:
        """The segments of some bytes of the file; ``first`` 0: it is found out from the findings."""
        stretch = Stretch(title, first)
        delimiters = self.delimiters(interchange)
        ordered = sorted(told, key=_offset)
        for text in self._text(offset, length).split(delimiters.terminator):
            bare = text.lstrip(BLANK)
            begin = offset + len(text) - len(bare)
            offset += len(text) + 1
            if not bare:
                continue
            here = ordered[bisect_left(ordered, begin, key=_offset):
                           bisect_left(ordered, begin + len(bare), key=_offset)]
            if here and not stretch.first:
                stretch.first = max(1, here[0].finding.where.segment - len(stretch.segments))
            stretch.segments.append(self._segment(bare, delimiters, here))
        return stretch

    def _segment(self, text: str, delimiters: Delimiters, told: Sequence[Told]) -> SegmentView:
        place = Place(0, 0, 0, len(text), "", text)
        marks: list[tuple[int, int]] = []
        shown: Spot | None = None
        for finding, _ in told:
            is_meant = text.partition(delimiters.element)[0] == finding.where.segment_id
            position, component = designated(finding.where.element) if is_meant else (0, 0)
            shown = spot(place, delimiters, position, component, self._show_values)
            is_empty = position and not _value(text, position, component, delimiters)
            marks.append((shown.caret, shown.caret + (0 if is_empty else shown.width)))
        if shown is None:
            plain = self._plain.get((text, delimiters))
            if plain is None:
                plain = spot(place, delimiters, 0, 0, self._show_values).text
                _keep(self._plain, (text, delimiters), plain)
            return SegmentView(((plain, False),))
        return SegmentView(_marked(shown.text, marks), [view for _, view in told])

    def _text(self, offset: int, length: int) -> str:
        at = offset - self._start
        if at < 0 or at + length > len(self._window):
            self._start, at = offset, 0
            try:
                self._window = self._file.read_at(offset, max(WINDOW, length))
            except (ValueError, OSError):
                self._window = b""
        return self._window[at : at + length].decode("latin-1")

    def lines(self, claim: ClaimResult, told: Sequence[Told]) -> list[LineView]:
        """The claim's service lines in their order, as sent."""
        if len(claim.ak) < 10:
            return []
        delimiters = self.delimiters(claim.interchange)
        own: dict[int, list[FindingView]] = {}
        for finding, view in told:
            own.setdefault(finding.line, []).append(view)
        return [self._line(n, sv1, days, delimiters, own.get(n, ()))
                for n, (sv1, _, days) in enumerate(claim.ak[9], 1)]

    def _line(self, number: int, sv1: str, days: str, delimiters: Delimiters,
              findings: Sequence[FindingView]) -> LineView:
        service = self._services.get((sv1, delimiters))
        if service is None:
            service = self._service(sv1.split(delimiters.element), delimiters.component)
            _keep(self._services, (sv1, delimiters), service)
        told_days = " – ".join(dict.fromkeys(day_told(day) for day in days.split("-"))) if len(days) in (8, 17) else ""
        return LineView(number, told_days, *service, findings)

    def _service(self, elements: Sequence[str], separator: str) -> tuple[str, str, str, str, str]:
        """Procedure, modifiers, pointers, units and charge."""
        composite = self._components(elements, 1, separator)
        pointers = self._components(elements, 7, separator)
        charge, basis, units = (self._components(elements, n, "")[0] for n in (2, 3, 4))
        return ("".join(composite[1:2]), " ".join(m for m in composite[2:6] if m), ", ".join(p for p in pointers if p),
                f"{units} {UNITS.get(basis, '')}".strip(), money(charge))

    def _components(self, elements: Sequence[str], position: int, separator: str) -> list[str]:
        """What may be shown of an element, component for component."""
        element = elements[position] if position < len(elements) else ""
        parts = element.split(separator) if separator else [element]
        if self._show_values:
            return [legible(part) for part in parts]
        return [MASK if part.strip() and is_private_in_view(elements, position, n if len(parts) > 1 else 0) else
                legible(part) for n, part in enumerate(parts, 1)]


def _offset(told: Told) -> int:
    return told.finding.where.offset


def _keep(memo: dict[Any, Any], key: object, value: object) -> None:
    """Remember, within bounds."""
    if len(memo) >= REMEMBERED:
        memo.clear()
    memo[key] = value


def _value(text: str, position: int, component: int, delimiters: Delimiters) -> str:
    element = "".join(text.split(delimiters.element)[position : position + 1])
    return "".join(element.split(delimiters.component)[component - 1 : component]) if component else element


def _marked(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text in pieces, those of the marks told apart. Marks may overlap; an empty one (an element that is missing)
    is an empty piece; one at the very start marks nothing: it is the whole segment that is meant.

    >>> _marked("SV1*HC:97140", [(7, 12), (7, 12)]), _marked("CLM**9", [(4, 4)]), _marked("LX*1", [(0, 0)])
    ([('SV1*HC:', False), ('97140', True)], [('CLM*', False), ('', True), ('*9', False)], [('LX*1', False)])
    """
    pieces, at = [], 0
    for begin, end in sorted(set(marks)):
        if begin < at or not end:
            continue
        pieces += [(text[at:begin], False), (text[begin:end], True)]
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces
