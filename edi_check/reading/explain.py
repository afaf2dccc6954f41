"""Slow lane: what is wrong with one segment, said element by element in IK403 terms. The judge of both lanes.

``explain`` takes a segment that the fast lane refused and the use of the guide it was taken for, and names every
fault: which element or component, which code, and a sentence for people. No fault means the segment is valid.
The grammar of values is in ``values``, the words for elements in ``names``, what identifies a person in ``privacy``.

What it is not: it judges neither the order and number of segments (IK304) nor ISA's fixed widths, LX and HL
numbers or anything that needs a second segment.

One fault, one finding. Of several complaints about one value the first of this order is made: not used, repeated,
characters and type, code list, date, length, pattern. An element missing against its usage isn't missed a second
time by a syntax note, and a not-used element that is present doesn't make others missing.

Decisions, with their source
  trailing separators   not allowed in 5010 (X12 RFI 1498): code 3 on the first empty element (nothing may follow the
                        last value), 13 on the first empty component. A reject, as with pyx12's own reader; no file of
                        the corpus whose source calls it valid holds one.
  trailing spaces       "should be suppressed" (RFI 46): code 6 at level ``warn``, and the value is judged without
                        them. Spaces that a minimum length asks for are padding and fine.
  only spaces           no value (RFI 2144): code 6. ISA's fixed-width elements may be blank.
  repetition separator  no element that the guide uses may repeat in an 837P: code 12. Where ISA11 names another
                        separator, or none, ``^`` is an ordinary character.
  component separator   a composite written with another one than ISA16 names is one fault, with the code that its text
                        gets as the first component (12 where it is the repetition separator); its parts are judged as
                        they were meant.
  code lists            code 7, also for a code that X12 has and this guide doesn't use (I6 would need X12's own lists).
  dates                 what the format element before (D8, RD8) demands; a format the guide doesn't allow is its own
                        fault, and so is one that doesn't go with the qualifier (DTP*314 is RD8, DTP*360 and 361
                        are D8). RD8 in the wrong order is valid here: CORE-LIN-03 judges it.
  ISA11, ISA16          are delimiters, not data: judged with the envelope.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ..model import Delimiters
from ..privacy import is_private_value, legible, private
from .complaints import complaint
from .guide import CompositeUse, ElementUse, SegmentUse, SyntaxNote
from .meant import separator_meant
from .names import party, segment_name, subject
from .values import AN_CLASS, AN_TYPES, DATE_FORMATS, repetition_separator

__all__ = ["DISABILITY", "MAX_FAULTS", "ElementFault", "explain"]

MAX_FAULTS = 20
"""Faults named per segment; the last one says how many more there are."""

_MAX_VALUE = 99  # IK404 holds no more
_FEW_CODES = 3
_ISA_DELIMITERS = (11, 16)
DISABILITY = {
    "314": "Send DTP*314*RD8 with both days; DTP*360*D8 where only the first is known, DTP*361*D8 where only the last.",
    "360": "Send DTP*360*D8 with the day it began, or DTP*314*RD8 with the first and the last day.",
    "361": "Send DTP*361*D8 with the day it ended, or DTP*314*RD8 with the first and the last day.",
}
"""By qualifier: which date of a disability goes in which form (``guide.FORMATS``)."""


class ElementFault(NamedTuple):
    """One fault of one element. ``element`` is its designator, ``repetition`` 2 where a second one is too many (else
    0), ``code`` IK403, ``number`` the X12 data element (IK402; ``""`` for composites and surplus elements),
    ``value`` the first 99 characters of what stands there. ``message`` and ``fix`` are sentences; a value that
    identifies a person stands in ``message`` between the marks of ``edi_check.privacy``. ``level`` is ``""`` for
    the edit's own or ``warn``; ``trigger`` is the syntax note (``P0809``) the fault comes from. ``is_separator``: the
    composite is written with another separator than the file's, as others may be, too."""

    element: str
    repetition: int
    code: str
    value: str
    message: str
    fix: str
    is_private: bool
    level: str = ""
    trigger: str = ""
    number: str = ""
    is_separator: bool = False


def explain(use: SegmentUse, elements: list[str], delimiters: Delimiters) -> list[ElementFault]:
    """Every fault of a segment against one use of the guide, in the order of its elements; at most ``MAX_FAULTS``.

    In: the use the segment was taken for, the segment split at the element separator (its id first), the delimiters
    of the interchange. Out: the faults, empty for a valid segment. Raises nothing, whatever the text.
    """
    segment = _Segment(use, elements, delimiters)
    segment.judge_elements()
    segment.judge_demand()
    segment.judge_notes()
    segment.judge_end()
    faults = [fault for _, _, fault in sorted(segment.faults, key=lambda f: f[:2])]
    if len(faults) > MAX_FAULTS:
        last, more = faults[MAX_FAULTS - 1], len(faults) - MAX_FAULTS
        message = f"{last.message} {more} more faults of this segment are not listed."
        faults[MAX_FAULTS - 1:] = [last._replace(message=message)]
    return faults


@lru_cache(maxsize=32)
def _foreign(delimiters: Delimiters) -> re.Pattern[str]:
    """Any character that AN and ID may not hold."""
    return re.compile(f"[^{AN_CLASS(delimiters)}]")


class _Segment:
    """The segment at hand and the faults found so far, each with its place."""

    def __init__(self, use: SegmentUse, elements: list[str], delimiters: Delimiters) -> None:
        self.use = use
        self.elements = elements
        self.is_isa = use.id == "ISA"
        if self.is_isa:  # it names the component and repetition separators; in it they are characters
            delimiters = delimiters._replace(component="", repetition="")
        self.delimiters = delimiters
        self.component = delimiters.component
        self.repetition = repetition_separator(delimiters)
        self.foreign = _foreign(delimiters)
        self.faults: list[tuple[int, int, ElementFault]] = []
        self.missing: set[int] = set()

    # --- what a fault looks like -----------------------------------------------------------------------------

    def add(self, position: int, part: int, code: str, says: str, fix: str, *, value: str = "",
            is_hidden: bool = False, level: str = "", trigger: str = "", repetition: int = 0,
            is_separator: bool = False) -> None:
        """``says`` may hold {subject}, {value} (put in quotes), {loop} and {segment}. ``is_hidden``: the value is
        private whatever the element (it strayed to a place the guide doesn't have)."""
        designator = self.designator(position, part)
        hidden = is_hidden or (not is_separator and is_private_value(self.elements, position, part, self.component))
        shown = private(value) if hidden else legible(value)
        # Not str.format: a delimiter may be a brace. The value goes in last, it may hold anything.
        message = (says.replace("{subject}", subject(self.use, designator, self.elements))
                   .replace("{loop}", party(self.use.loop.id))
                   .replace("{segment}", segment_name(self.use, self.elements))
                   .replace("{value}", f"“{shown}”"))
        self.faults.append((position, part, ElementFault(
            designator, repetition, code, value[:_MAX_VALUE], message, fix, hidden and value != "", level, trigger,
            self.number(position, part), is_separator)))

    def designator(self, position: int, part: int = 0) -> str:
        return f"{self.use.id}{position:02d}" + (f"-{part}" if part else "")

    def number(self, position: int, part: int) -> str:
        """The X12 data element number, ``""`` for composites and places the guide doesn't have."""
        element = self.element(position, part)
        return element.number if element else ""

    def element(self, position: int, part: int) -> ElementUse | None:
        """The guide's element or component of a place; ``None`` for composites and places it doesn't have."""
        if position > len(self.use.elements):
            return None
        element = self.use.elements[position - 1]
        if isinstance(element, ElementUse):
            return element
        return element.components[part - 1] if 0 < part <= len(element.components) else None

    def add_missing(self, position: int, part: int, why: str = "is always required here") -> None:
        self.missing.add(position)
        name = self.designator(position, part)
        element = self.element(position, part)
        codes = sorted(element.codes) if element and len(element.codes) <= _FEW_CODES else []
        meant = f" ({', '.join(codes[:-1])} or {codes[-1]})" if len(codes) > 1 else f" ({codes[0]})" if codes else ""
        self.add(position, part, "1", "{subject} is missing.", f"Give {name}{meant}; it {why}.")

    def add_not_used(self, position: int, part: int, text: str) -> None:
        if part and any(f[0] == position and f[2].code == "I10" for f in self.faults):
            return  # of a composite once
        name = self.designator(position, part)
        self.add(position, part, "I10", "{subject} is {value}; the guide uses no value there.", f"Leave {name} empty.",
                 value=text, is_hidden=True)

    def add_separator(self, position: int, part: int, text: str, code: str) -> None:
        """A separator inside a value: the repetition separator (12) or the component separator (6)."""
        mark, name = (self.repetition, "repetition") if code == "12" else (self.component, "component")
        law = "may be given only once" if code == "12" else "has no components"
        self.add(position, part, code,
                 f"{{subject}} is {{value}}, which holds “{legible(mark)}”, the {name} separator of this file; "
                 f"this element {law}.", "Give one value, without that character in it.",
                 value=text, repetition=2 if code == "12" else 0)

    def add_trailing_components(self, position: int, part: int) -> None:
        name = self.designator(position)
        self.add(position, part, "13", f"{name} of {{loop}} ends in separators with nothing after them.",
                 f"End {name} with its last value; drop the “{legible(self.component)}” that follow.")

    def add_other_separator(self, position: int, composite: CompositeUse, text: str, mark: str) -> None:
        """A composite with another character between its components than the file's separator. Told in the terms of who
        reads the file by its ISA and takes all of it for the first component; its parts are judged as meant."""
        name, usual = self.designator(position), legible(self.component)
        told = complaint(composite.components[0], text, "")
        is_repetition = mark == self.repetition
        code = "12" if is_repetition or told is None else told[0]
        meant = self.elements.copy()
        meant[position] = text.replace(mark, self.component)
        parts = enumerate(text.split(mark), 1)
        is_hidden = any(part and is_private_value(meant, position, n, self.component) for n, part in parts)
        also = " (and another character in ISA11)" if is_repetition else ""
        self.add(position, 0 if is_repetition else 1, code,
                 f"{name} of {{loop}} is {{value}}, with “{legible(mark)}” between its components; ISA16 says that "
                 f"this file has “{usual}” there.",
                 f"Put “{legible(mark)}” in ISA16{also} if all of the file is written so; else write “{usual}” in "
                 f"{name}.",
                 value=text, is_hidden=is_hidden, repetition=2 if is_repetition else 0, is_separator=True)

    # --- elements and components -----------------------------------------------------------------------------

    def judge_elements(self) -> None:
        date_format = ""
        for position, element in enumerate(self.use.elements, 1):
            text = self.elements[position] if position < len(self.elements) else ""
            if isinstance(element, CompositeUse):
                self.judge_composite(position, element, text)
            else:
                self.judge_value(position, 0, element, text, date_format)
                if element.number == "1250":
                    date_format = self.judge_format(position, _date_format(element, text))

    def judge_format(self, position: int, date_format: str) -> str:
        """A format of date that the guide has, but not with this qualifier. Out: the format to judge the date by."""
        qualifier = self.elements[1].rstrip(" ") if len(self.elements) > 1 else ""
        wanted = self.use.formats.get(qualifier, "")
        sent = self.elements[position] if position < len(self.elements) else ""
        if not wanted or not sent or date_format in ("", wanted):
            return date_format
        kind = "a first and a last day" if wanted == "RD8" else "one day"
        self.add(position, 0, "7", f"{{subject}} is {{value}}; with {qualifier} the guide has {wanted}, {kind}.",
                 DISABILITY[qualifier], value=sent)
        date = self.elements[position + 1] if position + 1 < len(self.elements) else ""
        return wanted if re.fullmatch(DATE_FORMATS[wanted], date) else date_format

    def judge_composite(self, position: int, composite: CompositeUse, text: str) -> None:
        mark = separator_meant(composite, text, self.delimiters)
        if mark:
            self.add_other_separator(position, composite, text, mark)
            text = text.replace(mark, self.component)
        parts = text.split(self.component) if self.component else [text]
        if not any(parts):
            if composite.usage == "R":
                self.add_missing(position, 0)
            elif len(parts) > 1:
                self.add_trailing_components(position, 1)
        elif composite.usage == "N":
            self.add_not_used(position, 0, text)
        elif self.repetition and self.repetition in text:
            self.add_separator(position, 0, text, "12")
        else:
            for part, element in enumerate(composite.components, 1):
                self.judge_value(position, part, element, parts[part - 1] if part <= len(parts) else "")
                if len(parts) == 1 and any(f[0] == position and not f[2].level for f in self.faults):
                    break  # what stands there is no such composite: what else would be in one isn't missing
            self.judge_composite_end(position, len(composite.components), parts)

    def judge_composite_end(self, position: int, known: int, parts: list[str]) -> None:
        """Components beyond those of the guide, or separators with nothing after them."""
        surplus = next((n for n in range(known, len(parts)) if parts[n]), 0)
        if surplus:
            name = self.designator(position)
            self.add(position, known + 1, "13",
                     f"{name} of {{loop}} has {len(parts)} components; the guide has {known}.",
                     f"Remove what follows {name}-{known}.", value=parts[surplus], is_hidden=True)
        elif parts[-1] == "":
            last = max(n for n, p in enumerate(parts, 1) if p)
            if not any(f[0] == position and f[1] > last and f[2].code == "1" for f in self.faults):
                self.add_trailing_components(position, last + 1)

    def judge_value(self, position: int, part: int, element: ElementUse, text: str, date_format: str = "") -> None:
        """One component, or an element that is no composite."""
        if text == "":
            if element.usage == "R":
                self.add_missing(position, part)
        elif element.usage == "N":
            self.add_not_used(position, part, text)
        elif self.is_isa and position in _ISA_DELIMITERS:
            return
        elif date_format and element.number == "1251" and re.fullmatch(DATE_FORMATS[date_format], text):
            return  # first, because the hyphen of a range may be a delimiter of this file
        elif self.repetition and self.repetition in text:
            self.add_separator(position, part, text, "12")
        elif part == 0 and self.component and self.component in text:
            self.add_separator(position, part, text, "6")
        else:
            if element.type in AN_TYPES:
                text = self.judge_characters(position, part, element, text)
            told = complaint(element, text, date_format) if text else None
            if told:
                code, says, fix = told
                self.add(position, part, code, "{subject} is {value}, which " + says, fix, value=text)

    def judge_characters(self, position: int, part: int, element: ElementUse, text: str) -> str:
        """Characters and spaces of an AN or ID. Out: what there is to judge further, ``""`` for nothing."""
        foreign = self.foreign.search(text)
        if foreign:
            self.add(position, part, "6",
                     f"{{subject}} is {{value}}, which holds a character that X12 doesn't allow "
                     f"(hex {ord(foreign[0]):02X}, character {foreign.start() + 1} of the value).",
                     "Use plain letters, digits and punctuation, without accents or control characters.", value=text)
            return ""
        bare = text.rstrip(" ")
        if not bare and not self.is_isa:
            self.add(position, part, "6", "{subject} holds only spaces.", "Give a value, or leave the element empty.",
                     value=text)
            return ""
        needed = max(len(bare), min(element.min_length, len(text)))
        if needed < len(text):
            self.add(position, part, "6", "{subject} is {value}, which ends in spaces.",
                     "Remove the spaces at the end.", value=text, level="warn")
        return text[:needed]

    # --- syntax notes and the end of the segment -------------------------------------------------------------

    def has(self, position: int) -> bool:
        text = self.elements[position] if position < len(self.elements) else ""
        return text != "" and (text[0] != self.component or text.strip(self.component) != "")

    def is_used(self, position: int) -> bool:
        return position <= len(self.use.elements) and self.use.elements[position - 1].usage != "N"

    def judge_demand(self) -> None:
        demand = self.use.demand
        if demand is None or not self.has(demand.element):
            return
        if self.elements[demand.element].rstrip(" ") == demand.value:
            for n in demand.demanded:
                if not self.has(n):
                    self.add_missing(n, 0, f"is required where {self.designator(demand.element)} is {demand.value}")

    def judge_notes(self) -> None:
        for note in self.use.notes:
            here = [n for n in note.elements if self.has(n)]
            if not all(self.is_used(n) for n in here):
                continue  # a not-used element has its fault; it demands nothing
            absent = [n for n in note.elements if n not in here and self.is_used(n)]
            if note.kind == "E":
                self.judge_exclusion(note, here)
            elif absent and self.missing.isdisjoint(absent):
                self.judge_presence(note, here, absent)

    def judge_exclusion(self, note: SyntaxNote, here: list[int]) -> None:
        if len(here) > 1:
            names = " and ".join(self.designator(n) for n in here)
            self.add(here[1], 0, "10", f"{names} of {{loop}} exclude each other, but both are given.",
                     f"Give only one of {names}.", value=self.elements[here[1]], trigger=note.text)

    def judge_presence(self, note: SyntaxNote, here: list[int], absent: list[int]) -> None:
        """Notes P, R, C and L. ``here``: the note's elements that are given, ``absent``: those that the guide uses and
        that are not."""
        first = note.elements[0]
        if note.kind == "R" and not here:
            names = " or ".join(self.designator(n) for n in absent)
            self.add(absent[0], 0, "2", f"{{segment}} needs {names}.", f"Give {names}.", trigger=note.text)
        elif note.kind == "L" and here == [first]:
            names = " or ".join(self.designator(n) for n in absent)
            self.add(absent[0], 0, "2", f"{{segment}} needs {names}, because {self.designator(first)} is given.",
                     f"Give {names}, or leave {self.designator(first)} empty.", trigger=note.text)
        elif (note.kind == "P" and here) or (note.kind == "C" and first in here):
            given = " and ".join(self.designator(n) for n in here)
            for n in absent:
                self.missing.add(n)
                self.add(n, 0, "2", f"{{subject}} is missing, although {given} is given.",
                         f"Give {self.designator(n)} too, or leave {given} empty.", trigger=note.text)

    def judge_end(self) -> None:
        """Elements beyond those of the guide, or separators with nothing after them."""
        known, given = len(self.use.elements), len(self.elements) - 1
        surplus = next((n for n in range(known + 1, given + 1) if self.elements[n]), 0)
        if surplus:
            self.add(known + 1, 0, "3", f"{{segment}} has {given} elements; the guide has {known}.",
                     f"Remove what follows {self.designator(known)}.", value=self.elements[surplus], is_hidden=True)
        elif given > 0 and self.elements[-1] == "":
            first = 1 + max((n for n, text in enumerate(self.elements) if text), default=0)
            if not any(f[0] >= first and f[2].code in ("1", "2") for f in self.faults):
                self.add(max(first, 1), 0, "3", "{segment} ends in separators with nothing after them.",
                         "End the segment with its last value.")


def _date_format(element: ElementUse, text: str) -> str:
    """The format that governs the date after it: the one sent, else the only one the guide allows; ``""`` for one
    that is no date format of the guide (its own fault)."""
    text = text.rstrip(" ")
    if not text and len(element.codes) == 1:
        text = next(iter(element.codes))
    return text if text in DATE_FORMATS else ""
