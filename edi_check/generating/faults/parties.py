"""Further faults that CORE finds: who bills, who renders, who pays, and in which order.

A fault of the billing level gives its claim a billing level of its own (``DraftClaim.billing``), so that it takes no
other claim with it.
"""

from __future__ import annotations

from ..claims import DraftClaim, billing_segments, money
from .guide import Plant
from .text import component, element, find, last_line, lines, put, put_component

__all__ = ["FAULTS"]

Calendar = tuple[str, ...]
Before = DraftClaim | None


def _is_plain(draft: DraftClaim) -> bool:
    """An original claim that nobody has paid before."""
    return draft.patient.other_payer is None and draft.frequency == "1"


def _number_not_expected(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency != "1":
        return False
    at = next(n for n, s in enumerate(draft.segments) if s.startswith(("REF*D9*", "REF*EA*", "NTE*", "CR2*", "HI*")))
    draft.segments.insert(at, f"REF*F8*ICN{draft.index * 7919 + 100000:09d}")
    return True


def _billing(draft: DraftClaim, start: str, number: int, value: str) -> bool:
    """Give the claim a billing level of its own with this element in its first segment that begins with ``start``."""
    if not draft.is_alone or draft.frequency == "8":
        return False
    own = billing_segments(draft.practice)
    put(own, find(own, start), number, value)
    draft.billing = own
    return True


def _billing_box(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    return _billing(draft, "N3*", 1, "PO BOX 1270")


def _billing_tax_id(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    return _billing(draft, "REF*EI*", 2, draft.practice.tax_id[:8])


def _billing_zip(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    return _billing(draft, "N4*", 3, draft.practice.address.zip_code[:5] + "0000")


def _payment_of_a_stranger(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not _is_plain(draft):
        return False
    line = draft.visit.lines[-1]
    if line.cents <= 0:
        return False
    procedure = ":".join(element(draft.segments[last_line(draft)], 1).split(":")[:6])
    draft.segments += (
        f"SVD*EXC99*{money(line.cents)}*{procedure}**{line.units}",
        f"DTP*573*D8*{calendar[max(draft.visit.age - 2, 0)]}",
    )
    return True


def _group_renders(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "NM1*82*")
    if at < 0 or draft.frequency == "8":
        return False
    draft.segments[at] = f"NM1*82*2*{draft.practice.organization}*****XX*{draft.clinician.npi}"
    return True


def _filing_conflict(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.patient.payer.kind != "pacificsource" or not _is_plain(draft):
        return False
    put(draft.levels, 1, 9, "MC")
    return True


def _admission_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.practice.kind != "family" or len(draft.visit.lines) > 1 or not _is_plain(draft):
        return False
    if draft.visit.place != "11" or find(draft.segments, "NM1*77*") > 0:
        return False
    put_component(draft.segments, 0, 5, 1, "21")
    put_component(draft.segments, last_line(draft), 1, 2, "99222")
    return True


def _sequence_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.patient.other_payer is None or draft.frequency == "8":
        return False
    put(draft.levels, 1, 1, "P")
    return True


def _payer_before_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or not _is_plain(draft) or draft.patient.payer.kind not in ("pacificsource", "commercial"):
        return False
    put(draft.levels, 1, 1, "S")
    return True


def _frequency_unusual(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency != "1":
        return False
    put_component(draft.segments, 0, 5, 3, "2")
    return True


def _rendering_npi_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "NM1*82*")
    if at < 0 or draft.frequency == "8" or draft.practice.kind not in ("therapy", "chiropractic"):
        return False
    draft.segments[at] = f"NM1*82*1*{draft.clinician.name.last}*{draft.clinician.name.first}"
    return True


def _ill_after_service(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or draft.segments[1].startswith("DTP*") or draft.visit.age < 3:
        return False
    if any(component(draft.segments[n], 1, 2) in ("98940", "98941", "98942") for n in lines(draft)):
        return False
    draft.segments.insert(1, f"DTP*431*D8*{calendar[draft.visit.age - 2]}")
    return True


FAULTS: dict[str, tuple[str, str, Plant, tuple[str, ...]]] = {
    "original-claim-number-not-expected": ("CORE-SIT-05", "warn", _number_not_expected, ()),
    "billing-address-is-a-po-box": ("CORE-SIT-06", "reject", _billing_box, ()),
    "billing-zip-is-a-filler": ("CORE-SIT-07", "warn", _billing_zip, ()),
    "line-payment-without-other-payer": ("CORE-SIT-09", "reject", _payment_of_a_stranger, ()),
    "group-as-rendering-provider": ("CORE-SIT-10", "warn", _group_renders, ()),
    "line-of-business-conflict": ("CORE-SIT-12", "warn", _filing_conflict, ()),
    "admission-date-missing": ("CORE-SIT-13", "reject", _admission_missing, ()),
    "payer-sequence-repeated": ("CORE-SIT-14", "reject", _sequence_repeated, ()),
    "payer-before-missing": ("CORE-SIT-14", "warn", _payer_before_missing, ()),
    "frequency-not-for-professional": ("CORE-SIT-16", "review", _frequency_unusual, ()),
    "tax-id-malformed": ("CORE-ID-02", "reject", _billing_tax_id, ()),
    "provider-npi-missing": ("CORE-ID-05", "reject", _rendering_npi_missing, ()),
    "illness-after-service": ("CORE-LIN-10", "review", _ill_after_service, ()),
}
"""Name: (edit, level, function, edits that may fire besides)."""
