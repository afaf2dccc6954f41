"""Which of several elements a status means, by what stands in them: modifiers, diagnoses, pointers, and whether the
patient is the subscriber.

Where nothing in them tells, the whole composite or segment is meant: a caret under the wrong one would mislead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..identifiers import is_icd9cm_shape, is_icd10cm_shape, is_modifier_shape
from ..model import Delimiters, Place
from .received import Code

__all__ = ["likely_place"]

ICD9 = ("BK", "BF")
VERSION_CODES = frozenset({"508", "700"})
"""ICD-9 or ICD-10, of a date: with them a diagnosis is of the wrong version."""


def likely_place(code: Code, codes: Sequence[Code], places: Sequence[Place], others: Sequence[Place],
                 delimiters: Delimiters) -> tuple[Place, str] | None:
    """The segment and designator that a code means, when what stands there tells. ``codes`` are all of the status,
    ``places`` the segments of the claim or line, ``others`` those of the claim around a line."""
    if code.status in VERSION_CODES and any(c.status in ("254", "255") for c in codes):
        return None  # said of the diagnosis already
    find = _FINDERS.get(code.status)
    return find(code, codes, places, others, delimiters) if find else None


def _segment(places: Sequence[Place], name: str, delimiters: Delimiters) -> Place | None:
    return next((p for p in places if p.text.startswith(name + delimiters.element)), None)


def _elements(place: Place, delimiters: Delimiters) -> list[str]:
    return place.text.split(delimiters.element)


def _modifier(code: Code, codes: Sequence[Code], places: Sequence[Place], others: Sequence[Place],
              delimiters: Delimiters) -> tuple[Place, str] | None:
    """453: the modifier that is none or comes twice, or the only one; of a missing one, the procedure."""
    sv1 = _segment(places, "SV1", delimiters)
    if sv1 is None:
        return None
    composite = [*_elements(sv1, delimiters), ""][1].split(delimiters.component)
    modifiers = composite[2:6]
    if code.category == "A6" or not modifiers:
        return sv1, "SV101-2"
    for n, modifier in enumerate(modifiers):
        if modifier and (not is_modifier_shape(modifier.upper()) or modifier in modifiers[:n]):
            return sv1, f"SV101-{n + 3}"
    return sv1, "SV101-3" if len(modifiers) == 1 else "SV101"


def _diagnosis(code: Code, codes: Sequence[Code], places: Sequence[Place], others: Sequence[Place],
               delimiters: Delimiters) -> tuple[Place, str] | None:
    """254 and 255: the first diagnosis, or of the others the one that has no shape of a code, or the only one. With
    508 or 700, its qualifier: the version is meant."""
    hi = next((p for p in (*places, *others) if p.text.startswith("HI" + delimiters.element)
               and p.text[3:6].lstrip("A")[:2] in ("BK", "BF")), None)
    if hi is None:
        return None
    part = 1 if any(c.status in VERSION_CODES for c in codes) else 2
    if code.status == "254":
        return hi, f"HI01-{part}"
    rest = [(n, e.split(delimiters.component)) for n, e in enumerate(_elements(hi, delimiters)) if n > 1]
    for n, composite in rest:
        qualifier, value = (*composite, "", "")[:2]
        is_good = is_icd9cm_shape if qualifier in ICD9 else is_icd10cm_shape
        if part == 2 and value and not is_good(value.upper()):
            return hi, f"HI{n:02d}-2"
    return hi, f"HI02-{part}" if len(rest) == 1 or part == 1 else "HI"


def _pointer(code: Code, codes: Sequence[Code], places: Sequence[Place], others: Sequence[Place],
             delimiters: Delimiters) -> tuple[Place, str] | None:
    """477: the pointer beyond the claim's diagnoses, or the one that is no number."""
    sv1, hi = _segment(places, "SV1", delimiters), _segment(others, "HI", delimiters)
    if sv1 is None:
        return None
    count = len(_elements(hi, delimiters)) - 1 if hi else 0
    pointers = (*_elements(sv1, delimiters), *[""] * 8)[7].split(delimiters.component)
    for n, pointer in enumerate(pointers, 1):
        if not (pointer.isascii() and pointer.isdigit() and 0 < int(pointer[:3]) <= count):
            return sv1, f"SV107-{n}"
    return sv1, "SV107"


def _structure(code: Code, codes: Sequence[Code], places: Sequence[Place], others: Sequence[Place],
               delimiters: Delimiters) -> tuple[Place, str] | None:
    """481: of a line, its number; of a claim, whichever of SBR02 and the patient's level contradicts the other."""
    line = _segment(places, "LX", delimiters)
    if line is not None:
        return line, "LX01"
    patient = next((p for p in places if p.loop == "2000C" and p.text.startswith("HL" + delimiters.element)), None)
    sbr = next((p for p in places if p.loop == "2000B" and p.text.startswith("SBR" + delimiters.element)), None)
    relationship = [*_elements(sbr, delimiters), "", ""][2] if sbr else ""
    if patient is not None and relationship == "18":
        return patient, "HL03"
    return (sbr, "SBR02") if sbr is not None and patient is None and not relationship else None


_Find = Callable[[Code, Sequence[Code], Sequence[Place], Sequence[Place], Delimiters], "tuple[Place, str] | None"]
_FINDERS: dict[str, _Find] = {
    "453": _modifier, "254": _diagnosis, "255": _diagnosis, "477": _pointer, "481": _structure}
