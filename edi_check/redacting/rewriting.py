"""A segment with invented values: what stands where, given what the segment is about.

Every segment keeps its length, its separators and whatever is wrong with it. The table of ``places`` decides, element
by element; NM1 and ISA depend on more. What the guide doesn't have (unknown segments, surplus elements) is replaced
whole, words by words and digits by digits: it may be a name that strayed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from ..model import Delimiters
from .dates import Days
from .inventions import in_capitals
from .places import Place, codes, has_segment, is_kept, is_near_code, places, separator

__all__ = ["Replacer", "Rewriter"]

_ID = re.compile("[A-Za-z0-9]{1,3}").fullmatch
_LEADS = {"dx": re.compile("(?=[A-Za-z]*[0-9])[0-9A-Za-z]{1,7}|[A-Za-z]{1,2}").match,
          "service": re.compile("(?=[A-Za-z]*[0-9])[0-9A-Za-z]{5}(?![0-9A-Za-z])").match,
          "taxonomy": re.compile("[0-9][0-9A-Za-z]{0,3}").match}
"""What of a damaged diagnosis, procedure or taxonomy code stays: edits may still know it by its beginning."""
_PAYERS = ("PR", "40")
"""NM101 of those whose names and ids stay: payers, and who receives the file."""
_OF_PAYERS = ("PI", "XV")
"""NM108 of ids that only payers have."""
_DATED = ("DTP", "DMG", "PAT")
_MEMORY = 20_000
"""Segments remembered as rewritten: most of them come often."""
_DIGITS, _LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NEVER = frozenset({"ISA", "IEA", "GS", "GE", "ST", "SE"})


def _without(odd: frozenset[str], text: str, made: str) -> str:
    """``made`` for ``text`` where a letter or digit separates: it stays, and where one was invented stands another."""
    digit, letter = (next((c for c in kind if c not in odd), kind[0]) for kind in (_DIGITS, _LETTERS))
    return "".join(old if old in odd else new if new not in odd else digit if new.isdigit() else letter
                   for old, new in zip(text, made, strict=True))


class Replacer(Protocol):
    """``Gathered`` or ``Inventions``."""

    def replace(self, kind: str, value: str, forbidden: frozenset[str] = frozenset(), /) -> str: ...


class Rewriter:
    """Segments in, segments out, in file order. ``kept`` are group numbers that the settings name; ``days``: where to
    note which services stand beside which birth dates."""

    def __init__(self, replacer: Replacer, kept: frozenset[str] = frozenset(), days: Days | None = None) -> None:
        self._replace: Callable[..., str] = replacer.replace
        self._kept, self._days = kept, days
        self._people: list[str] = []
        self._known: dict[str, str] = {}
        self.delimiters = Delimiters()
        self._odd: frozenset[str] = frozenset()

    def header(self, text: str, delimiters: Delimiters) -> str:
        """An ISA; its separators hold from here on."""
        self.delimiters = delimiters
        self._known.clear()
        self._odd = frozenset(d for d in delimiters if d.isalnum())
        elements = text.split(delimiters.element)
        for position, kind in ((2, "free"), (4, "free"), (6, "id")):
            if position < len(elements) and elements[position].strip():
                elements[position] = self._replace(kind, elements[position])
        return delimiters.element.join(elements)

    def segment(self, text: str) -> str:
        """Any other segment, without its terminator."""
        if self._days is not None:
            self._note_days(text)
        known = self._known.get(text)
        if known is None:
            known = self._rewritten(text)
            if self._odd:
                known = _without(self._odd, text, known)
            if len(self._known) >= _MEMORY:
                self._known.clear()
            self._known[text] = known
        return known

    def _rewritten(self, text: str) -> str:
        mark = self.delimiters.element
        elements = text.split(mark)
        segment_id = elements[0].strip().upper()
        if segment_id == "NM1":
            self._name(elements)
        elif has_segment(segment_id):
            row = places(segment_id)
            for position in range(1, len(elements)):
                if elements[position]:
                    kind = row[position - 1] if position <= len(row) else "id"
                    elements[position] = self._element(segment_id, position, kind, elements[position])
        else:
            if not _ID(segment_id):
                elements[0] = self._replace("free", elements[0], _NEVER)
            for position in range(1, len(elements)):
                if elements[position]:
                    elements[position] = self._replace("free", elements[position])
        return mark.join(elements)

    def rest(self, text: str) -> str:
        """What is no segment: bytes that nobody reads as X12."""
        lead = text[:3] if text[:3] == "ISA" else ""
        return lead + self._replace("free", text[len(lead):], _NEVER) if text.strip() else text

    # --- elements --------------------------------------------------------------------------------------------

    def _element(self, segment_id: str, position: int, kind: Place, text: str) -> str:
        repetition = self.delimiters.repetition
        if repetition and repetition in text and (
                isinstance(kind, str) or separator(segment_id, position, text, self.delimiters) != repetition):
            return repetition.join(self._once(segment_id, position, kind, one) for one in text.split(repetition))
        return self._once(segment_id, position, kind, text)

    def _once(self, segment_id: str, position: int, kind: Place, text: str) -> str:
        if isinstance(kind, str):
            return self._value(segment_id, position, 0, kind, text)
        component = separator(segment_id, position, text, self.delimiters)
        parts = text.split(component) if component else [text]
        for n, part in enumerate(parts):
            if part:
                parts[n] = self._value(segment_id, position, n + 1, kind[min(n, len(kind) - 1)], part)
        return component.join(parts)

    def _value(self, segment_id: str, position: int, part: int, kind: str, text: str) -> str:
        if not text.strip():
            return text
        if kind in _PERSONAL:
            if kind == "group" and in_capitals(text.strip()) in self._kept:
                return text
            return self._replace(_PERSONAL[kind], text)
        if is_kept(kind, text.strip()) or (kind == "code" and is_near_code(segment_id, position, part, text)):
            return text
        if kind == "code" and not part and (mark := self.delimiters.component) in text:
            # A slip (DTP*472:D8*…): the reader may take what stands before the separator for the code.
            head, mark, rest = text.partition(mark)
            return self._value(segment_id, position, 0, kind, head) + mark + self._replace("id", rest)
        if kind in _LEADS:  # its beginning may still be read as a code
            lead = _LEADS[kind](text)
            stop = lead.end() if lead else 0
            return text[:stop] + (self._replace("id", text[stop:]) if text[stop:].strip() else text[stop:])
        if kind == "day":  # damaged, perhaps: its digits may still be read as a day
            return re.sub("[A-Za-z]+", lambda m: self._replace("free", m[0]), text)
        return self._replace("id", text, codes(segment_id, position, part))

    def _name(self, elements: list[str]) -> None:
        """NM1: organisations and persons, payers apart."""
        entity = elements[1].strip().upper() if len(elements) > 1 else ""
        is_person = len(elements) < 3 or elements[2].strip() != "2" or any(elements[4:8])
        stays = entity in _PAYERS and not is_person
        # A slip in NM101 (NM1*<R): the reader may take it for the payer's, and look for its id elsewhere.
        is_payer = entity in _PAYERS or (
            entity not in codes("NM1", 1, 0) and len(elements) > 8 and elements[8].strip() in _OF_PAYERS)
        for position in range(1, len(elements)):
            text = elements[position]
            if not text.strip():
                continue
            if position in (1, 2, 8):
                elements[position] = self._element("NM1", position, "code", text)
            elif position == 9:
                elements[position] = self._element("NM1", position, "payer" if is_payer else "id", text)
            elif position == 3 and stays:
                continue
            elif position < 8:
                kind = {5: "middle", 7: "suffix"}.get(position, "name") if is_person else "organization"
                elements[position] = self._replace(kind, text)
            else:
                elements[position] = self._replace("free", text)

    # --- days ------------------------------------------------------------------------------------------------

    def _note_days(self, text: str) -> None:
        """Births and deaths that are open, and the days that stand below them."""
        assert self._days is not None
        lead = text.lstrip()[:3].upper()
        if lead not in _DATED and lead[:2] != "HL":
            return
        elements = text.split(self.delimiters.element)
        segment_id = elements[0].strip().upper()
        if segment_id == "HL":
            del self._people[2 if elements[3:4] == ["23"] else 0 :]
        elif (segment_id == "DMG" and len(elements) > 2) or (segment_id == "PAT" and len(elements) > 6):
            day = elements[2 if segment_id == "DMG" else 6].strip()
            if day and day not in self._people:
                del self._people[:-5]
                self._people.append(day)
        elif segment_id == "DTP" and len(elements) > 3:
            for day in self._people:
                self._days.note(day, elements[3][:8])


_PERSONAL = {"name": "organization", "group": "id", "id": "id", "street": "street", "zip": "zip", "phone": "phone",
             "birth": "birth", "death": "death", "text": "text"}
"""Kinds of ``places`` that are always replaced, as ``Inventions`` calls them."""
