"""Values that identify a person (CONTRACT section 5): which they are, and how a text carries them.

Whoever writes a message wraps such a value with ``private``; the text then holds it between two marks. Whoever
shows the message calls ``masked`` (``•••`` stands for the value) or, when the user asked for it, ``unmasked``.
A value of the data can't forge a mark: ``legible`` spells control characters out, and ``private`` applies it.

``is_private`` knows, for an element of an 837P, whether it identifies a person. Names of organisations, procedure
and diagnosis codes, charges, dates of service, NPIs, payer ids, CLM01 and control numbers do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["MASK", "is_private", "is_private_in_view", "is_private_value", "legible", "masked", "private", "unmasked"]

MASK = "•••"

_START, _END = "\x02", "\x03"
_MARKED = re.compile(f"{_START}[^{_END}]*{_END}?")
_MARKS = str.maketrans("", "", _START + _END)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST = 48


def legible(value: str, longest: int = _LONGEST) -> str:
    """``value`` (bytes read as latin-1) for people: UTF-8 read as such, control characters as ``\\xNN``, cut at
    ``longest`` characters.

    >>> legible("A\\x07B")
    'A\\\\x07B'
    """
    if len(value) <= longest and value.isascii() and value.isprintable():
        return value
    cut = len(value) > longest
    value = value[:longest]
    if not value.isascii():
        with suppress(UnicodeError):
            value = value.encode("latin-1").decode("utf-8")
    value = _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}", value)
    return value + "…" if cut else value


def private(value: str) -> str:
    """``value`` as part of a message, marked as identifying a person."""
    return f"{_START}{legible(value)}{_END}"


def masked(text: str) -> str:
    """``text`` without the values that identify a person.

    >>> masked("NM103 of the subscriber “" + private("DOE 2ND") + "” is too long.")
    'NM103 of the subscriber “•••” is too long.'
    """
    return _MARKED.sub(MASK, text) if _START in text else text


def unmasked(text: str) -> str:
    """``text`` with those values, marks taken out (``--show-values``).

    >>> unmasked("“" + private("DOE 2ND") + "”")
    '“DOE 2ND”'
    """
    return text.translate(_MARKS) if _START in text or _END in text else text


_ALL = frozenset(range(1, 100))

_ELEMENTS: dict[str, frozenset[int]] = {
    "ISA": frozenset({2, 4}),  # authorization and security information: passwords
    "N3": _ALL,
    "N4": _ALL - {2, 4, 7},  # state, country and subdivision alone lead to nobody
    "PER": _ALL - {1, 3, 5, 7},  # name, numbers; the odd ones say what kind of number
    "DMG": _ALL - {1, 3},
    "PAT": frozenset({6}),
    "SBR": frozenset({3}),  # the group number, or the policy number of the person
    "NTE": frozenset({2}),
    "K3": _ALL,
    "CR1": frozenset({7, 8, 9, 10}),
    "CR2": frozenset({10, 11}),
    "FRM": frozenset({3}),
}
"""Element positions that are private whatever else the segment says."""

_FREE_TEXT = 7
_COMPONENTS = {("SV1", 1): _FREE_TEXT, ("SVD", 3): _FREE_TEXT, ("SV5", 1): _FREE_TEXT}
"""Composites whose component of this number is free text."""
_WITH_FREE_TEXT = frozenset(segment for segment, _ in _COMPONENTS)

_PUBLIC_IDS = frozenset({"XX", "PI", "XV", "46"})
"""NM108: NPI, payer id, plan id, submitter or receiver id. The others are member ids and the like."""

_PUBLIC_REFERENCES = frozenset({
    "EI", "TJ",  # employer's tax id
    "D9", "6R", "F8", "9A", "9B", "9C", "9D", "BT", "XZ", "VY",  # control, claim and lot numbers
    "G1", "9F", "4N", "F5", "P4", "1J", "T4", "LX",  # authorizations, referrals, exceptions, programmes
    "X4", "F4", "EW",  # laboratory and mammography certificates of a facility
    "2U", "NF", "FY",  # payers
})
"""REF01 whose REF02 is shown. Others (SY, EA, 1W, 0B, 1G, G2, LU, IG, Y4 …) name a person, a licence or an account."""


def is_private(elements: Sequence[str], position: int, component: int = 0) -> bool:
    """Does element ``position`` (from 1; ``component`` from 1, 0 for the whole element) of a segment, given as sent
    (``elements[0]`` is its id), identify a person? Elements the guide doesn't have count as private where the
    segment is about a person: what strayed there may be a name.

    >>> is_private(["NM1", "85", "2", "CLINIC"], 3), is_private(["NM1", "IL", "1", "DOE"], 3)
    (False, True)
    """
    segment = elements[0] if elements else ""
    if _is_of_next_segment(elements, position):
        return True
    if segment == "NM1":
        return _is_private_name(elements, position)
    if segment == "REF":
        if position == 1:
            return _is_misplaced(elements, 1)
        if position > 2 and _element(elements, 3).strip():  # REF03 isn't used: the next segment has run into this one
            return True
        return _element(elements, 1).strip() not in _PUBLIC_REFERENCES
    free_text = _COMPONENTS.get((segment, position))
    if free_text is not None:
        return component == 0 or component >= free_text or _is_no_modifier(_element(elements, position), component)
    return position in _ELEMENTS.get(segment, ()) or _is_misplaced(elements, position)


def _is_of_next_segment(elements: Sequence[str], position: int) -> bool:
    """Has a segment about a person run into this one before the element, because the terminator between is lost? In one
    about a person itself it makes no difference, and a name may end so: COOPER."""
    return position > 2 and elements[0] not in _CODED and any(map(_BEGINS, elements[2:position]))


def _is_misplaced(elements: Sequence[str], position: int) -> bool:
    """Does something that is no code stand in a code's place? Where a separator is lost or one too many, names, numbers
    and birth dates move to the neighbouring element, and so do composites with their free text."""
    segment = _element(elements, 0)
    if segment in _WITH_FREE_TEXT:
        value = _element(elements, position)
        return _ends_in_text(value) or ((segment, position) == ("SV1", 2) and _is_description(elements, value))
    if segment in _WITH_WORDS or (segment, position) in _AMOUNTS:
        return _letters(_element(elements, position)) > _LONGEST_CODE
    if segment not in _CODED:
        return False
    if (segment, position) == ("SBR", 4) and not _has_moved(elements):  # a plan's name
        return False
    return len(_element(elements, position).strip()) > _LONGEST_CODE


def _ends_in_text(value: str) -> bool:
    """Is this a service or the end of one, with a description behind its modifiers?"""
    if value.isalnum() or not any(c.isalpha() for c in value):
        return False
    signs = {c for c in value if not c.isalnum()}.difference(_OF_TEXT)
    return any(value.count(sign) > 3 or len(value.rsplit(sign, 1)[1].strip()) > _LONGEST_PROCEDURE for sign in signs)


def _is_description(sv1: Sequence[str], value: str) -> bool:
    """Is this, in the charge's place, the end of the service? Then the charge has moved to the unit basis, a code of
    letters."""
    return bool(_element(sv1, 1)) and _letters(value) > 2 and any(map(str.isdigit, _element(sv1, 3)))


def _letters(value: str) -> int:
    return sum(map(str.isalpha, value))


def _has_moved(sbr: Sequence[str]) -> bool:
    """Is this an SBR with one separator too many, whose SBR04 may be the group number? SBR01 is always there, and a
    relationship (18) has two characters, which no group number has. Where they are right, the separator too many comes
    later: the plan's name is in the place of a code, or there is an element that the guide doesn't have."""
    first, relationship, group = (_element(sbr, n).strip() for n in (1, 2, 3))
    is_pushed = not group and (len(sbr) > _SBR_ELEMENTS + 1 or len(_element(sbr, 5).strip()) > _LONGEST_CODE)
    return is_pushed or not first or (not relationship and 0 < len(group) <= 2)


def _is_no_modifier(composite: str, component: int) -> bool:
    """Does a description stand in a modifier's place, because a separator before it is lost? Without the file's
    separators at hand, any sign but the usual ones of a text may be the one between components, and the first sign."""
    if component <= 2:
        return False
    signs = [c for c in composite if not c.isalnum()]
    return any(len("".join(composite.split(sign)[component - 1 : component]).strip()) > _LONGEST_MODIFIERS
               for sign in {*signs[:1], *(set(signs) - _OF_TEXT)})


_CODED = frozenset({"NM1", "N4", "DMG", "PER", "PAT", "NTE", "REF", "SBR"})
"""Segments about a person, in which what isn't private is a code."""

_BEGINS = re.compile(r"(?:NM1|REF|NTE|PER|DMG|SBR|PAT|(?<![^\W_])(?:N3|N4|K3))\Z").search
"""What an element ends in that has run into the beginning of a segment about a person."""
_OF_TEXT = frozenset(" .,$+-")
"""Signs that a description may hold; a sign of separators seldom."""

_WITH_WORDS = frozenset({"CR1", "CR2", "FRM"})
"""Segments with a text of their own, in which all else is codes and numbers."""
_AMOUNTS = frozenset(("HCP", n) for n in (2, 3, 5, 7, 12))
"""HCP ends a claim's own segments: where its terminator is lost, the name of the first party stands in it."""
_SBR_ELEMENTS = 9
_LONGEST_CODE = 3
_LONGEST_MODIFIERS = 4  # two that have run together
_LONGEST_PROCEDURE = 5

_PLACES = {
    "AMT": (1, 2), "BHT": range(1, 7), "CAS": range(1, 20), "CLM": (1, 2, *range(5, 13), 20), "CN1": range(1, 7),
    "CR1": (1, 2, 4, 5, 6, 9, 10), "CR2": (8, 10, 11), "CR3": (1, 2, 3), "CRC": range(1, 8), "CTP": (4, 5),
    "CUR": (1, 2), "DMG": (1, 2, 3), "DTP": (1, 2, 3), "FRM": range(1, 6), "GE": (1, 2), "GS": range(1, 9),
    "HCP": (*range(1, 8), *range(9, 16)), "HI": range(1, 13), "HL": range(1, 5), "IEA": (1, 2), "ISA": range(1, 17),
    "K3": (1,), "LIN": (2, 3), "LQ": (1, 2), "LX": (1,), "MEA": (1, 2, 3), "MOA": range(1, 10), "N3": (1, 2),
    "N4": (1, 2, 3, 4, 7), "NM1": (*range(1, 6), 7, 8, 9), "NTE": (1, 2), "OI": (3, 4, 6), "PAT": (1, *range(5, 10)),
    "PER": range(1, 9), "PRV": (1, 2, 3), "PS1": (1, 2), "PWK": (1, 2, 5, 6), "QTY": (1, 2), "REF": (1, 2, 4),
    "SBR": (*range(1, 6), 9), "SE": (1, 2), "ST": (1, 2, 3), "SV1": (*range(1, 6), 7, 9, 11, 12, 15),
    "SV5": range(1, 7), "SVD": (1, 2, 3, 5, 6),
}
"""The elements that the guide has a use for. tests/test_spots.py holds it to the guide."""

_PARTS = {
    ("CLM", 5): (1, 2, 3), ("CLM", 11): (1, 2, 4, 5), ("CTP", 5): (1,), ("REF", 4): (1, 2), ("SV1", 1): range(1, 8),
    ("SV1", 7): range(1, 5), ("SV5", 1): (1, 2), ("SVD", 3): range(1, 8), **{("HI", n): (1, 2) for n in range(1, 13)},
}
"""The components of composites that it has a use for; held to the guide likewise."""


def is_private_in_view(elements: Sequence[str], position: int, component: int = 0) -> bool:
    """As ``is_private``, for whoever shows a segment whole (position 0: its id). There is no telling what stands in a
    segment, element or component that the guide has no use for, or in an HI element without components (two segments
    run together, a separator left out): it may be a name, so it is private.

    >>> is_private_in_view(["NM", "IL", "1", "DOE"], 3), is_private_in_view(["DTP", "472", "D8", "20260203"], 3)
    (True, False)
    """
    segment = elements[0] if elements else ""
    if not position:
        return segment not in _PLACES and len(segment) > 3
    if _is_without_use(segment, position, component) or (segment == "HI" and not component):
        return True
    return is_private(elements, position, component)


def is_private_value(elements: Sequence[str], position: int, component: int = 0, separator: str = "") -> bool:
    """As ``is_private_in_view``, for whoever shows a value beside or without its segment: the whole element, or of it
    the component that ``separator`` parts.

    >>> is_private_value(["CLM", "A-1"], 13), is_private_value(["HI", "ABK:M5450", "DOE"], 2, 1, ":")
    (True, True)
    """
    segment, element = _element(elements, 0), _element(elements, position)
    is_undivided = segment == "HI" and element != "" and separator not in element
    return is_undivided or _is_without_use(segment, position, component) or is_private(elements, position, component)


def _is_without_use(segment: str, position: int, component: int) -> bool:
    if position not in _PLACES.get(segment, ()):
        return True
    parts = _PARTS.get((segment, position))
    return component > 0 and parts is not None and component not in parts


def _is_private_name(elements: Sequence[str], position: int) -> bool:
    if position <= 2 or position == 8:
        return _is_misplaced(elements, position)
    if position == 9:
        kind, is_member = _element(elements, 8).strip(), _element(elements, 1).strip() in ("IL", "QC")
        is_no_npi = kind == "XX" and _letters(_element(elements, 9)) > _LONGEST_CODE
        return is_member or is_no_npi or kind not in _PUBLIC_IDS
    # An organisation: type 2, and no first, middle or other name that only a person has.
    return position > 9 or _element(elements, 2).strip() != "2" or any(elements[4:8])


def _element(elements: Sequence[str], position: int) -> str:
    return elements[position] if position < len(elements) else ""
