"""Further faults of the guide's syntax inside one claim, of its shape, and two that stand alone."""

from __future__ import annotations

from ..claims import DraftClaim
from .guide import Plant
from .text import element, find, last_line, put

__all__ = ["FAULTS"]

Calendar = tuple[str, ...]
Before = DraftClaim | None


def _loop_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "NM1*82*")
    if at < 0:
        return False
    draft.segments[at:at] = draft.segments[at : at + 2]
    return True


def _out_of_order(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if find(draft.segments, "REF*D9*") > 0:
        return False
    draft.segments.insert(find(draft.segments, "HI*") + 1, f"REF*D9*{20260000000 + draft.index * 13}")
    return True


def _too_short(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if find(draft.segments, "PWK*") > 0:
        return False
    at = 1
    while draft.segments[at].startswith("DTP*"):
        at += 1
    draft.segments.insert(at, "PWK*OZ*FX***AC*7")
    return True


def _element_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    put(draft.segments, 0, 6, "Y^Y")
    return True


def _too_many_components(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if len(draft.visit.diagnoses) < 5:
        return False
    put(draft.segments, last_line(draft), 7, "1:2:3:4:5")
    return True


def _after_death(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.patient.dependent is not None or draft.frequency == "8":
        return False
    draft.levels.insert(2, f"PAT*****D8*{calendar[draft.visit.age + 9]}")
    return True


def _note_without_place(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    """Nothing says where the hands were laid: for PSRC-MT-24, a note."""
    payer = draft.patient.payer
    if not payer.is_pacificsource or draft.practice.kind != "therapy" or draft.frequency == "8":
        return False
    at = find(draft.segments, "SV1*HC:97140:")
    if at < 0 or draft.patient.other_payer is not None or find(draft.segments, "NTE*") > 0:
        return False
    draft.segments[find(draft.segments, "HI*")] = "HI*ABK:R52"
    for n, segment in enumerate(draft.segments):
        if segment.startswith("SV1*") and element(segment, 7):
            put(draft.segments, n, 7, "1")
    return True


FAULTS: dict[str, tuple[str, str, Plant, tuple[str, ...]]] = {
    "loop-repeated": ("IK3-4", "reject", _loop_repeated, ()),
    "segment-out-of-order": ("IK3-7", "reject", _out_of_order, ()),
    "element-too-short": ("IK4-4", "reject", _too_short, ()),
    "element-repeated": ("IK4-12", "reject", _element_repeated, ()),
    "too-many-components": ("IK4-13", "reject", _too_many_components, ()),
    "service-after-death": ("CORE-LIN-04", "review", _after_death, ()),
    "location-not-shown": ("PSRC-MT-24", "note", _note_without_place, ()),
}
"""Name: (edit, level, function, edits that may fire besides)."""
