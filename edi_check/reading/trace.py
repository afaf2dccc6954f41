"""Where a claim's segments stand: the batches they were read from, kept alive as long as the claim is.

A claim refers to the batches of its billing level, its subscriber and patient level, and its own. Positions are worked
out only when a finding needs one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from ..model import Place
from .segments import Batch

__all__ = ["SegmentTrace"]


class SegmentTrace:
    """Implements ``model.Trace``. Whoever makes one (for every claim, so without ``__init__``) sets both: ``levels``
    are the batches of the claim, of its patient, subscriber and billing level, ``set_segment`` the number of its ST."""

    __slots__ = ("levels", "set_segment")

    levels: tuple[list[Batch], ...]
    set_segment: int

    def __eq__(self, other: object) -> bool:
        """The same segments at the same places: claims are values, and a copy is what it was made from."""
        if not isinstance(other, SegmentTrace):
            return NotImplemented
        return self.set_segment == other.set_segment and self._told() == other._told()

    def _told(self) -> list[list[tuple[object, ...]]]:
        return [[(b.segments, b.first, b.offset, b.gap, b.given, b.loops) for b in level] for level in self.levels]

    def locate(self, segment: int) -> Place:
        """Place of the segment with this number; an empty one if it isn't the claim's or its levels'."""
        for batches in self.levels:
            for batch in batches:
                index = segment - batch.first
                if 0 <= index < len(batch.segments):
                    return self._place(batch, index)
        return Place(segment, max(segment - self.set_segment + 1, 0), 0, 0, "", "")

    def _place(self, batch: Batch, index: int) -> Place:
        text = batch.segments[index]
        number = batch.first + index
        at = bisect_right(batch.loops, number, key=itemgetter(0)) - 1
        return Place(
            number,
            number - self.set_segment + 1,
            batch.start(index),
            len(text),
            batch.loops[at][1] if at >= 0 else "",
            text,
        )

    def told(self, segment: int, element: str) -> str:
        """The guide's edit that says what is wrong with this element (``HI02-2``), or with the composite it is in;
        ``""`` when none does."""
        whole = element.partition("-")[0]
        for batches in self.levels:
            for batch in batches:
                if batch.told and 0 <= segment - batch.first < len(batch.segments):
                    return batch.told.get((segment, element)) or batch.told.get((segment, whole), "")
        return ""

    def segments(self, first: int, last: int) -> Iterator[Place]:
        """The segments numbered ``first`` to ``last``, as far as they are at hand."""
        for number in range(first, last + 1):
            place = self.locate(number)
            if place.text:
                yield place
