"""What a segment was meant to say that isn't written as the guide has it: spaces behind its values, another character
between its components than the one that ISA16 names, and a party that NM101 names by no code of the guide.

In: a segment that the fast lane refused. Out: its elements as they are bound, so that one slip isn't followed by what
it would make of the rest. What it is not: it judges nothing; ``explain`` says what is wrong with what was sent.
"""

from __future__ import annotations

import re
from typing import Final

from ..model import Delimiters
from .guide import CompositeUse, ElementUse, SegmentUse
from .values import is_number_type, number_pattern

__all__ = ["as_meant", "is_slip", "separator_meant"]

SEPARATORS: Final = ">:^|\\/,;&+!"
"""What programs and people put between components. Not the hyphen, the point and the space, which values hold."""

_LONGEST: Final = 3


def as_meant(use: SegmentUse, elements: list[str], delimiters: Delimiters) -> list[str]:
    """The elements without spaces behind a value (X12 RFI 46: they carry no meaning), with the separator of the file
    between the components of every composite, and with the NM101 of the place where it stands: edits and the 277CA go
    by it.

    >>> from .guide import load
    >>> hi = load().by_id["HI"][0]
    >>> as_meant(hi, ["HI", "ABK>M5450 ", "ABF:M25511 "], Delimiters())
    ['HI', 'ABK:M5450', 'ABF:M25511']
    """
    component = delimiters.component
    found = [text.rstrip(" ") for text in elements]
    for position, element in enumerate(use.elements, 1):
        if position >= len(found) or not isinstance(element, CompositeUse):
            continue
        text = found[position]
        mark = separator_meant(element, text, delimiters)
        if mark:
            text = text.replace(mark, component)
        if component and " " in text:
            text = component.join([part.rstrip(" ") for part in text.split(component)])
        found[position] = text
    if use.id == "NM1" and use.qualifier is not None and len(found) > 1 and found[1] not in use.qualifier[2]:
        found[1] = next(iter(use.qualifier[2])) if len(use.qualifier[2]) == 1 else ""
    return found


def separator_meant(composite: CompositeUse, text: str, delimiters: Delimiters) -> str:
    """The character that stands between the components of a composite instead of the file's separator; ``""`` where it
    isn't plain that one does. It is where the first part is a code that the guide has there, or all are numbers, and
    there are no more parts than it has.

    >>> from .guide import load
    >>> pointers = next(u for u in load().by_id["SV1"]).elements[6]
    >>> [separator_meant(pointers, text, Delimiters()) for text in ("1>2", "1:2", "1.2", "1,2,3,4,5", "A>B", "12")]
    ['>', '', '', '', '', '']
    """
    if not text or not delimiters.component or delimiters.component in text or not composite.components:
        return ""
    first = composite.components[0]
    for mark in SEPARATORS:
        if mark in text and mark not in (delimiters.element, delimiters.terminator):
            parts = text.split(mark)
            if len(parts) <= len(composite.components) and parts[-1] and _are_parts(first, parts):
                return mark
    return ""


def _are_parts(first: ElementUse, parts: list[str]) -> bool:
    if first.codes:
        return parts[0] in first.codes
    pattern = number_pattern(first.type, first.min_length, first.max_length) if is_number_type(first.type) else ""
    return pattern != "" and all(re.fullmatch(pattern, part) for part in parts)


def is_slip(sent: str, code: str) -> bool:
    """Is a qualifier a slip for another one: missing, in lower case, with one character wrong, too many or too few, or
    with its characters in another order? Of more than three characters it may be anything, a person's name too: what is
    read must not depend on it, or a redacted copy would be read otherwise.

    >>> [is_slip(sent, "472") for sent in ("", "47", "4722", "473", "427", "4", "999")]
    [True, True, False, True, True, False, False]
    """
    if len(sent) > _LONGEST:
        return False
    sent = sent.strip().upper()
    if not sent or sorted(sent) == sorted(code):
        return True
    if len(sent) == len(code):
        return sum(a != b for a, b in zip(sent, code, strict=True)) == 1
    longer, shorter = (sent, code) if len(sent) > len(code) else (code, sent)
    return len(longer) == len(shorter) + 1 and any(longer[:n] + longer[n + 1:] == shorter for n in range(len(longer)))
