"""What is wrong with an ISA by itself: its fixed widths, its codes, its four separators, in TA105 codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..phrases import counted
from .segments import Header
from .values import DATE6, TIME4

__all__ = ["HeaderFault", "header_faults"]

_QUALIFIERS = r"01|14|20|27|28|29|30|33|ZZ"
_ISA: tuple[tuple[int, str, str, str], ...] = (
    # element, TA105, what it must look like, in words
    (1, "010", r"00|03", "00 or 03"),
    (2, "011", r".{10}", "10 characters, padded with spaces"),
    (3, "012", r"00|01", "00 or 01"),
    (4, "013", r".{10}", "10 characters, padded with spaces"),
    (5, "005", _QUALIFIERS, "a qualifier of the guide, such as ZZ or 30"),
    (6, "006", r"(?=.*\S).{15}", "the sender's id in 15 characters, padded with spaces"),
    (7, "007", _QUALIFIERS, "a qualifier of the guide, such as ZZ or 30"),
    (8, "008", r"(?=.*\S).{15}", "the receiver's id in 15 characters, padded with spaces"),
    (9, "014", DATE6, "a day as YYMMDD"),
    (10, "015", TIME4, "a time as HHMM"),
    (11, "016", r"[^A-Za-z0-9\s]", "the repetition separator, one character that is no letter or digit"),
    (12, "017", r"00501", "00501"),
    (13, "018", r"[0-9]{9}", "nine digits"),
    (14, "019", r"[01]", "0 or 1"),
    (15, "020", r"[PT]", "P (production) or T (test)"),
    (16, "027", r"[^A-Za-z0-9\s]|[\x1c-\x1f]", "the component separator, one character that is no letter or digit"),
)


class HeaderFault(NamedTuple):
    """A fault of the ISA: edit id, sentence, remedy, designator (``""`` for the separators), value."""

    edit: str
    message: str
    fix: str
    element: str = ""
    value: str = ""


def header_faults(header: Header) -> Iterator[HeaderFault]:
    """Every fault of the ISA. ISA02 and ISA04 may hold passwords: their values aren't shown."""
    e, d = header.elements, header.delimiters
    for position, code, pattern, words in _ISA:
        if not re.fullmatch(pattern, e[position], re.ASCII | re.DOTALL):
            value = "" if position in (2, 4) else e[position][:40]
            name = f"ISA{position:02d}"
            shown = f"{name} is blank; it" if not e[position].strip() else f"{name} “{value}”"
            if position in (2, 4):
                size = len(e[position])
                shown = f"{name} has {counted(size, 'character')}; it"
            yield HeaderFault(f"TA1-{code}", f"{shown} must be {words}.", f"In {name}, give {words}.", name, value)
    if d.element.isalnum() or d.element == " ":  # control characters are separators X12 knows; isspace() holds some
        yield HeaderFault(
            "TA1-026", "The element separator of the ISA is a letter, digit or space.", "Use a character such as *."
        )
    if len({d.element, d.component, d.terminator, d.repetition or "none"}) < 4 or d.terminator.isalnum():
        yield HeaderFault(
            "TA1-004",
            "The four separators of the ISA are not four different characters that are no letters or digits.",
            "Use four different ones, such as * ^ : and ~.",
        )
