"""What each element of an 837P holds, as far as a copy with invented people must know: the table, and when a value that
stands where a code belongs may stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache

from ..model import Delimiters
from ..reading.guide import CompositeUse, ElementUse, SegmentUse, load
from ..reading.meant import is_slip, separator_meant
from ..reading.values import DATE_FORMATS

__all__ = ["Place", "codes", "has_segment", "is_kept", "is_near_code", "places", "separator"]

Place = str | tuple[str, ...]
"""What an element holds, or what each component of a composite does."""

# code    of the guide's lists            number  amounts, units, counts        day     dates and times
# control control numbers, versions       service procedure codes, modifiers    dx      diagnosis codes
# state   states, countries               payer   ids of payers                 taxonomy of providers
# label   other short codes
# name    of persons and organisations    street, zip, phone                    birth, death
# text    free text                       id      everything else
_TABLE = {
    "GS": "code id keep day day control code control",
    "ST": "code control control",
    "SE": "number control",
    "GE": "number control",
    "IEA": "number control",
    "BHT": "code code id day day code",
    "HL": "number number code code",
    "PRV": "code code taxonomy",
    "CUR": "code state",
    "N3": "street street",
    "N4": "name state zip state code id state",
    "REF": "code id text (code,payer)",
    "PER": "code name code phone code phone code phone",
    "SBR": "code code group name code code code code code",
    "PAT": "code code code code code death code number code",
    "DMG": "code birth code",
    "CLM": "id number id id (code,code,code) code code code code code (code,code,code,state,state) code id id id id "
           "id id id code",
    "DTP": "code code day",
    "PWK": "code code number code code id",
    "CN1": "code number number id number id",
    "AMT": "code number",
    "K3": "text",
    "NTE": "code text",
    "CR1": "code number code code code number id id text text",
    "CR2": "id id id id id id id code id text text",
    "CR3": "code code number code text",
    "CRC": "code code code code code code code",
    "HI": " ".join(["(code,dx,code,day,number,number,control,code,code)"] * 12),
    "HCP": "code number number id number label number id code service code number code code code",
    "CAS": "code label number number label number number label number number label number number label number number "
           "label number number",
    "OI": "code code code code code code",
    "MOA": "number number label label label label label number number",
    "LX": "number",
    "SV1": "(code,service,service,service,service,service,text,service) number code number code id "
           "(number,number,number,number) id code id code code id id code",
    "SV5": "(code,service,service,service,service,service,text) code number number number code",
    "QTY": "code number",
    "MEA": "code code number",
    "PS1": "id number",
    "LIN": "id code drug",
    "CTP": "id id id number (code)",
    "SVD": "payer number (code,service,service,service,service,service,text) id number number",
    "LQ": "code label",
    "FRM": "label code text day number",
}


def _parsed(row: str) -> tuple[Place, ...]:
    return tuple(tuple(word[1:-1].split(",")) if word.startswith("(") else word for word in row.split())


_PLACES = {segment: _parsed(row) for segment, row in _TABLE.items()}

_NUMBER = re.compile(r"-?[0-9]*\.?[0-9]*").fullmatch
_DAY = re.compile("[0-9-]+").fullmatch
_CONTROL = re.compile("(?=.*[0-9])[0-9A-Za-z-]{1,15}").fullmatch
_SERVICE = re.compile("(?=.*[0-9])[0-9A-Za-z]{1,5}|[0-9A-Za-z]{1,2}").fullmatch
_DIAGNOSIS = re.compile("(?=.*[0-9])[0-9A-Za-z.]{1,8}|[A-Za-z]").fullmatch
_LABEL = re.compile("(?=.*[0-9])[0-9A-Za-z]{1,10}|[0-9A-Za-z]{1,3}").fullmatch
_STATE = re.compile("[A-Za-z0-9]{1,3}").fullmatch
_PAYER = re.compile("[0-9A-Za-z -]{1,20}").fullmatch
_DRUG = re.compile("[0-9-]{1,13}").fullmatch
_SHORT = re.compile("[0-9A-Za-z]{1,2}").fullmatch


def has_segment(segment_id: str) -> bool:
    """Is it one that an 837P may hold?"""
    return segment_id in _PLACES or segment_id in ("ISA", "NM1", "TA1")


def places(segment_id: str) -> tuple[Place, ...]:
    """What its elements hold, from element 1; what lies beyond is ``id``. NM1 and ISA depend on more than the place:
    ``rewriting`` has them."""
    return _PLACES.get(segment_id, ())


def is_kept(kind: str, value: str) -> bool:
    """May a value that stands where this kind of value belongs stay? It may when it looks like one; a name that strayed
    there doesn't."""
    if kind == "code":
        return _SHORT(value) is not None or value.upper() in _all_codes() or value in DATE_FORMATS
    if kind == "number":
        return len(value) <= 18 and (_NUMBER(value) is not None or is_number(value))
    if kind == "day":
        return len(value) <= 35 and _DAY(value) is not None
    test = _TESTS.get(kind)
    return kind == "keep" or (test is not None and test(value) is not None)


_TESTS = {"control": _CONTROL, "service": _SERVICE, "dx": _DIAGNOSIS, "label": _LABEL, "taxonomy": _LABEL,
          "state": _STATE, "payer": _PAYER, "drug": _DRUG}


def is_number(text: str) -> bool:
    """Would Python read a finite number out of it, as the reader does?"""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


@cache
def codes(segment_id: str, position: int, part: int) -> frozenset[str]:
    """Every code that a use of the guide allows in this place."""
    found: set[str] = set()
    for use in _uses().get(segment_id, ()):
        if position <= len(use.elements):
            element = use.elements[position - 1]
            if isinstance(element, ElementUse) and part < 2:
                found |= element.codes
            elif isinstance(element, CompositeUse) and 0 < part <= len(element.components):
                found |= element.components[part - 1].codes
    return frozenset(found)


def is_near_code(segment_id: str, position: int, part: int, text: str) -> bool:
    """Is it a slip for a code that belongs there, as the reader may take it? It has at most three characters."""
    return any(is_slip(text, code) for code in codes(segment_id, position, part))


def separator(segment_id: str, position: int, text: str, delimiters: Delimiters) -> str:
    """What stands between the components of a composite: the file's separator, or the other one that the reader would
    take for it (``meant``), so that the copy is taken for the same."""
    if delimiters.component not in text:
        for use in _uses().get(segment_id, ()):
            element = use.elements[position - 1] if position <= len(use.elements) else None
            mark = separator_meant(element, text, delimiters) if isinstance(element, CompositeUse) else ""
            if mark:
                return mark
    return delimiters.component


@cache
def _all_codes() -> frozenset[str]:
    """Every code that the guide allows anywhere: one in a wrong place may still be looked at."""
    return frozenset(code for use in _segments() for n, element in enumerate(use.elements, 1)
                     for part in range(1, 1 + len(element.components) if isinstance(element, CompositeUse) else 2)
                     for code in codes(use.id, n, part))


@cache
def _uses() -> dict[str, list[SegmentUse]]:
    found: dict[str, list[SegmentUse]] = {}
    for use in _segments():
        found.setdefault(use.id, []).append(use)
    return found


def _segments() -> Iterator[SegmentUse]:
    return load().root.segments()
