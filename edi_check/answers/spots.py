"""A place in the claim file that an acknowledgment speaks of: the segment as sent, and a caret under the element.

Values that identify a person are masked here, so that the caret stands right under what is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model import Delimiters, Place
from ..privacy import MASK, is_private, legible
from ..telling.render import visible

__all__ = ["Spot", "designated", "spot"]

WIDTH = 72
"""What is shown of a segment at most, around the caret."""
LONGEST_ELEMENT = 80


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
    def pointer(self) -> str:
        """The line below ``shown``: blanks, then carets."""
        if not self.width:
            return ""
        begin = self._begin()
        blanks = self.caret - begin + (1 if begin else 0)
        return " " * blanks + "^" * max(min(self.width, begin + WIDTH - self.caret), 1)

    def _begin(self) -> int:
        end = self.caret + min(self.width, WIDTH // 2)
        return max(0, end - WIDTH) if end > WIDTH else 0


def designated(designator: str) -> tuple[int, int]:
    """Element and component of a designator, 0 for none.

    >>> designated("SV101-2"), designated("NM109"), designated("CLM"), designated("N301")
    ((1, 2), (9, 0), (0, 0), (1, 0))
    """
    found = re.fullmatch(r"[A-Z][A-Z0-9]{1,2}([0-9]{2})(?:-([0-9]{1,2}))?", designator)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


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
    segment_id = legible(elements[0], 8)
    name = segment_id + (f"{position:02d}" + (f"-{component}" if component else "") if position else "")
    return Spot(place.loop, segment_id, name, place.segment, place.set_segment, place.offset, place.length, shown,
                caret, width)


def _pieces(elements: list[str], n: int, element: str, delimiters: Delimiters, show_values: bool) -> list[str]:
    """An element as shown, split into its components."""
    is_isa = elements[0] == "ISA"
    parts = element.split(delimiters.component) if delimiters.component and n and not is_isa else [element]
    if show_values or not n:
        return [legible(part, LONGEST_ELEMENT) for part in parts]
    if len(parts) == 1:
        # Whatever stands for a whole composite may be its first component, or what strayed there.
        hidden = is_private(elements, n, 1) if _is_composite(elements[0], n) else is_private(elements, n)
        return [MASK if hidden and element.strip() else legible(element, LONGEST_ELEMENT)]
    return [MASK if part.strip() and is_private(elements, n, number) else legible(part, LONGEST_ELEMENT)
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
