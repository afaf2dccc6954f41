"""Faults of the guide's own syntax, inside one claim: the edits are acknowledgment codes (CONTRACT section 3)."""

from __future__ import annotations

from collections.abc import Callable

from ..claims import DraftClaim
from .text import element, find, last_line, put, remove

__all__ = ["FAULTS"]

Plant = Callable[[DraftClaim, "DraftClaim | None", tuple[str, ...]], bool]


def _element_missing(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    put(draft.segments, 0, 7, "")
    return True


def _component_missing(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    put(draft.segments, 0, 5, f"{draft.visit.place}:B")
    return True


def _condition_unmet(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    if find(draft.segments, "PWK*") > 0:
        return False
    at = 1
    while draft.segments[at].startswith("DTP*"):
        at += 1
    draft.segments.insert(at, "PWK*OZ*FX***AC")
    return True


def _too_many_elements(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    draft.segments[find(draft.segments, "LX*")] += "*1"
    return True


def _too_long(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    at = find(draft.segments, "REF*EA*")
    if at < 0:
        return False
    put(draft.segments, at, 2, "MR" + element(draft.segments[at], 2)[2:] * 9)
    return True


def _letter_in_number(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    put(draft.segments, last_line(draft), 4, "O1")
    return True


def _code_not_valid(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    put(draft.segments, 0, 9, "N")
    return True


def _date_not_valid(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    at = find(draft.segments, "DTP*472*D8*")
    if at < 0:
        return False
    put(draft.segments, at, 3, calendar[draft.visit.age][:4] + "1345")
    return True


def _not_used(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    at = find(draft.segments, "PRV*PE*")
    if at < 0:
        return False
    put(draft.segments, at, 4, "OR")
    return True


def _unknown_segment(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    draft.segments.insert(find(draft.segments, "HI*"), "ZZZ*1")
    return True


def _unexpected_segment(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    draft.segments.insert(find(draft.segments, "LX*") + 2, "DMG*D8*19800101*F")
    return True


def _service_date_missing(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    return remove(draft.segments, "DTP*472*")


def _diagnoses_missing(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    return remove(draft.segments, "HI*")


def _lines_missing(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    if draft.patient.other_payer is not None:
        return False
    del draft.segments[find(draft.segments, "LX*") :]
    return True


def _segment_repeated(draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
    at = find(draft.segments, "DTP*472*")
    draft.segments.insert(at, draft.segments[at])
    return True


FAULTS: dict[str, tuple[str, str, Plant, tuple[str, ...]]] = {
    "element-missing": ("IK4-1", "reject", _element_missing, ()),
    "component-missing": ("IK4-1", "reject", _component_missing, ()),
    "condition-unmet": ("IK4-2", "reject", _condition_unmet, ()),
    "too-many-elements": ("IK4-3", "reject", _too_many_elements, ()),
    "element-too-long": ("IK4-5", "reject", _too_long, ()),
    "letter-in-number": ("IK4-6", "reject", _letter_in_number, ()),
    "code-not-valid": ("IK4-7", "reject", _code_not_valid, ()),
    "date-not-valid": ("IK4-8", "reject", _date_not_valid, ()),
    "element-not-used": ("IK4-I10", "reject", _not_used, ()),
    "segment-unknown": ("IK3-1", "reject", _unknown_segment, ()),
    "segment-unexpected": ("IK3-2", "reject", _unexpected_segment, ()),
    "service-date-missing": ("IK3-3", "reject", _service_date_missing, ()),
    "diagnoses-missing": ("IK3-3", "reject", _diagnoses_missing, ("CORE-DX-01", "PSRC-MT-25")),
    "lines-missing": ("IK3-3", "reject", _lines_missing, ("CORE-BAL-01",)),
    "segment-repeated": ("IK3-5", "reject", _segment_repeated, ()),
}
"""Name: (edit, level, function, edits that may fire besides)."""
