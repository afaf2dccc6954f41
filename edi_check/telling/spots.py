"""A place in the claim file: the segment as sent, and a caret under the element that is meant, as compilers show it.

Values that identify a person are masked here, so that the caret stands right under what is shown. Used by the reports
(``spot_of`` a finding) and by the explanation of acknowledgments (``spot`` of a place).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from ..findings import Finding
from ..model import Delimiters, Place
from ..privacy import MASK, is_private_in_view, legible
from ..report import FileReport
from .visible import visible

__all__ = ["Spot", "designated", "spot", "spot_of"]

WIDTH = 72
"""What is shown of a segment at most, around the caret."""
LONGEST_ELEMENT = 80
LONGEST_SEGMENT = 4096
"""What is looked at of a segment; the caret of an element beyond it stands at its end."""


@dataclass(slots=True)
class Spot:
    """``segment`` counts those of the file, ``set_segment`` those of the set (0 outside one); ``line`` and ``column``
    are physical, 0 until they are looked up. ``text`` is the segment as shown, ``caret`` and ``width`` what of it is
    meant (width 0: the whole segment)."""

    loop: str
    segment_id: str
    element: str
    segment: int
    set_segment: int
    offset: int
    length: int
    text: str
    caret: int = 0
    width: int = 0
    line: int = 0
    column: int = 0

    @property
    def shown(self) -> str:
        """What of the text fits, with the caret in it."""
        begin = self._begin()
        piece = self.text[begin : begin + WIDTH]
        return ("…" if begin else "") + piece + ("…" if begin + WIDTH < len(self.text) else "")

    @property
    def parts(self) -> tuple[str, str, str]:
        """``text`` before, at and after what is meant; all of it before when the whole segment is."""
        end = self.caret + self.width
        return (self.text[: self.caret], self.text[self.caret : end], self.text[end:]) if self.width else (
            self.text, "", "")

    @property
    def pointer(self) -> str:
        """The line below ``shown``: blanks, then carets."""
        if not self.width:
            return ""
        begin = self._begin()
        blanks = _cells(self.text[begin : self.caret]) + (1 if begin else 0)
        meant = self.text[self.caret : min(self.caret + self.width, begin + WIDTH)]
        return " " * blanks + "^" * max(_cells(meant), 1)

    def _begin(self) -> int:
        end = self.caret + min(self.width, WIDTH // 2)
        return max(0, end - WIDTH) if end > WIDTH else 0


def _cells(text: str) -> int:
    """Columns of a terminal that the text takes."""
    return len(text) if text.isascii() else sum(
        0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def designated(designator: str) -> tuple[int, int]:
    """Element and component of a designator, 0 for none.

    >>> designated("SV101-2"), designated("NM109"), designated("CLM"), designated("N301")
    ((1, 2), (9, 0), (0, 0), (1, 0))
    """
    found = re.fullmatch(r"[A-Z][A-Z0-9]{1,2}([0-9]{2})(?:-([0-9]{1,2}))?", designator)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def spot_of(file: FileReport, finding: Finding, show_values: bool = False) -> Spot | None:
    """Where a finding is. ``None`` when it is nowhere in particular, or the file isn't at hand any more. What is
    missing altogether has no caret: the segment shown is the one before which it had to come."""
    where = finding.where
    if not where.length or not 0 < finding.interchange <= len(file.interchanges):
        return None
    text = where.text[:LONGEST_SEGMENT]
    if not text:
        try:
            text = file.read_at(where.offset, min(where.length, LONGEST_SEGMENT)).decode("latin-1")
        except (ValueError, OSError):
            return None
    if len(text.strip()) < 2:  # a place, such as that of a missing terminator
        return None
    delimiters = file.interchanges[finding.interchange - 1].delimiters
    place = Place(where.segment, where.set_segment, where.offset, where.length, where.loop, text)
    is_meant = text.partition(delimiters.element)[0] == where.segment_id
    position, component = designated(where.element) if is_meant else (0, 0)
    found = spot(place, delimiters, position, component, show_values)
    found.line, found.column = where.line, where.column
    return found


def spot(place: Place, delimiters: Delimiters, position: int, component: int, show_values: bool) -> Spot:
    """The spot for element ``position`` (0: the whole segment) of a segment, ``component`` of it (0: all of it). A
    place beyond the segment's end is pointed to there."""
    elements = place.text.split(delimiters.element)
    shown, caret, width = "", 0, 0
    for n, element in enumerate(elements):
        if n:
            shown += legible(delimiters.element)
        begin = len(shown)
        pieces = [visible(piece) for piece in _pieces(elements, n, element, delimiters, show_values)]
        shown += legible(delimiters.component).join(pieces)
        if n == position and position:
            caret, width = begin, max(len(shown) - begin, 1)
            if component:
                caret, width = _component(pieces, component, begin, len(legible(delimiters.component)))
    if position >= len(elements):
        caret, width = len(shown), 1
    segment_id = legible(elements[0], 8) if show_values or not is_private_in_view(elements, 0) else MASK
    name = segment_id + (f"{position:02d}" + (f"-{component}" if component else "") if position else "")
    return Spot(place.loop, segment_id, name, place.segment, place.set_segment, place.offset, place.length, shown,
                caret, width)


def _pieces(elements: list[str], n: int, element: str, delimiters: Delimiters, show_values: bool) -> list[str]:
    """An element as shown, split into its components."""
    is_isa = elements[0] == "ISA"
    parts = element.split(delimiters.component) if delimiters.component and n and not is_isa else [element]
    if show_values:
        return [legible(part, LONGEST_ELEMENT) for part in parts]
    if len(parts) == 1:
        # Whatever stands for a whole composite may be its first component, or what strayed there.
        is_first = _is_composite(elements[0], n)
        hidden = is_private_in_view(elements, n, 1 if is_first else 0)
        return [MASK if hidden and element.strip() else legible(element, LONGEST_ELEMENT)]
    return [MASK if part.strip() and is_private_in_view(elements, n, number) else legible(part, LONGEST_ELEMENT)
            for number, part in enumerate(parts, 1)]


def _is_composite(segment_id: str, position: int) -> bool:
    return (segment_id, position) in (("SV1", 1), ("SVD", 3), ("SV5", 1))


def _component(pieces: list[str], component: int, begin: int, separator: int) -> tuple[int, int]:
    """Where a component stands in the text shown; after the last one when the element has fewer."""
    at = begin
    for number, piece in enumerate(pieces, 1):
        if number == component:
            return at, max(len(piece), 1)
        at += len(piece) + separator
    return at - separator, 1
