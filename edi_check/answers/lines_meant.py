"""Which service line of a claim a 277CA means, and its places: the claim's lines sorted once, thousands may be asked
for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..model import Claim, Place, ServiceLine
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
        self._by: dict[tuple[str, ...], dict[tuple[Any, ...], list[int]]] = {}

    @cached_property
    def own(self) -> list[Place]:
        """The claim's own segments, in file order."""
        return [place for place in self.places if place.segment >= self.claim.first_segment]

    @cached_property
    def beside(self) -> list[Place]:
        """Segments that are no line's."""
        return beside_lines(self.places)

    def _numbers(self, names: tuple[str, ...]) -> dict[tuple[Any, ...], list[int]]:
        """Numbers of lines, from 1, by what ``_facts`` has under these names: made once for each that is asked for."""
        if names not in self._by:
            found = self._by[names] = {}
            for n, line in enumerate(self.claim.service_lines, 1):
                facts = _facts(line)
                found.setdefault(tuple(facts[name] for name in names), []).append(n)
        return self._by[names]

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
        """By its control number (REF*FJ is REF*6R of the line, else LX01). Where several lines have it, or none, by
        what else is said of it, as much as it takes: first among those with the number, then among all. 0 when no line
        or more than one is left."""
        control: tuple[str, str] | None = None
        if answer.control:
            for control in (("control", number_key(answer.control)), ("number", answer.control)):
                same = self._numbers(("name",)).get((control,), [])
                if len(same) == 1:
                    return same[0]
                if same:
                    break
            else:
                control = None
        said = _said(answer)
        return (control and self._narrowed([("name", control), *said])) or self._narrowed(said)

    def _narrowed(self, said: list[tuple[str, Any]]) -> int:
        """The one line of which the first of these facts are true, as many of them as leave more than one; else 0."""
        for n in range(1, len(said) + 1):
            names, values = zip(*said[:n], strict=True)
            same = self._numbers(names).get(values, [])
            if len(same) < 2:
                return same[0] if same else 0
        return 0


def _facts(line: ServiceLine) -> dict[str, Any]:
    """What an answer may repeat of a line."""
    return {"name": ("control", number_key(line.control_number)) if line.control_number else (
                "number", line.line_number.strip()),
            "procedure": line.procedure, "charge": line.charge, "days": _days(line.service_dates.text),
            "modifiers": _modifiers(line.modifiers), "units": line.units}


def _said(answer: LineAnswer) -> list[tuple[str, Any]]:
    """What an answer says of a line, what is least likely to be changed on the way first; nothing without a
    procedure."""
    _, procedure, *modifiers = (*answer.procedure.split(":"), "", "")
    if not procedure:
        return []
    said = {"procedure": procedure, "charge": amount_of(answer.charge), "days": _days(answer.days),
            "modifiers": _modifiers(modifiers[:4]), "units": amount_of(answer.units)}
    return [(name, value) for name, value in said.items() if value not in (None, "", ())]


def _days(text: str) -> str:
    """A range that ends on the day on which it begins, or before it, as the day that an answer makes of it."""
    first, _, last = text.strip().partition("-")
    return f"{first}-{last}" if last > first else first


def _modifiers(sent: Sequence[str]) -> tuple[str, ...]:
    """Those that an answer can repeat."""
    return tuple(m for m in sent if len(m) == 2)


def _segment(place: Place) -> int:
    return place.segment
