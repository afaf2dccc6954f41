"""Which service line of a claim a 277CA means, and its places: the claim's lines sorted once, thousands may be asked
for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..model import Claim, Place
from .claim_numbers import number_key
from .contradictions import amount_of
from .pointing import beside_lines, line_spots
from .received import LineAnswer
from .statements import packed_spot

__all__ = ["LinesMeant"]


class LinesMeant:
    """The service lines of a claim, to be found by what an answer says of them."""

    def __init__(self, claim: Claim, places: Sequence[Place]) -> None:
        self.claim, self.places = claim, places

    @cached_property
    def own(self) -> list[Place]:
        """The claim's own segments, in file order."""
        return [place for place in self.places if place.segment >= self.claim.first_segment]

    @cached_property
    def beside(self) -> list[Place]:
        """Segments that are no line's."""
        return beside_lines(self.places)

    @cached_property
    def by(self) -> dict[tuple[Any, ...], list[int]]:
        """Numbers of lines, from 1, by what an answer may call them."""
        found: dict[tuple[Any, ...], list[int]] = {}
        for n, line in enumerate(self.claim.service_lines, 1):
            name = ("control", number_key(line.control_number)) if line.control_number else (
                "number", line.line_number.strip())
            for key in (name, ("procedure", line.procedure), ("service", line.procedure, line.charge)):
                found.setdefault(key, []).append(n)
        return found

    def of(self, answer: LineAnswer, show_values: bool) -> tuple[int, list[Any]]:
        """The number of the line that an answer means, and its places; 0 when it can't be told."""
        number = self.number(answer)
        if not number:
            return 0, []
        claim, lines = self.claim, self.claim.service_lines
        last = lines[number].segment - 1 if number < len(lines) else claim.last_segment
        codes = [c for s in answer.statuses for c in s.codes]
        own = self.own[bisect_left(self.own, lines[number - 1].segment, key=_segment):
                       bisect_right(self.own, last, key=_segment)]
        spots = line_spots(codes, own, self.beside, claim.interchange.delimiters, show_values)
        return number, [packed_spot(spot) for spot in spots]

    def number(self, answer: LineAnswer) -> int:
        """By its control number (REF*FJ is REF*6R of the line, else LX01); else by procedure, and where several lines
        have that, by charge, too. 0 when no line or more than one is left."""
        if answer.control:
            same = self.by.get(("control", number_key(answer.control))) or self.by.get(("number", answer.control), [])
            if len(same) == 1:
                return same[0]
        procedure = answer.procedure.split(":")
        same = self.by.get(("procedure", procedure[1]), []) if len(procedure) > 1 else []
        if len(same) > 1:
            charge = amount_of(answer.charge)
            same = self.by.get(("service", procedure[1], charge), []) if charge is not None else []
        return same[0] if len(same) == 1 else 0


def _segment(place: Place) -> int:
    return place.segment
