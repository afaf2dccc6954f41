"""Faults that the CORE edits find: balances, parties, diagnoses, lines, duplicates."""

from __future__ import annotations

from collections.abc import Callable

from ..claims import DraftClaim, money
from .text import (
    add_charge,
    component,
    element,
    find,
    has_minutes,
    insert_date,
    last_line,
    lines,
    put,
    put_component,
    remove,
)

__all__ = ["FAULTS"]

Plant = Callable[[DraftClaim, "DraftClaim | None", tuple[str, ...]], bool]
Calendar = tuple[str, ...]
Before = DraftClaim | None


def _is_plain(draft: DraftClaim) -> bool:
    """An original claim that nobody has paid before."""
    return draft.patient.other_payer is None and draft.frequency == "1"


def _has_dates(draft: DraftClaim) -> bool:
    return draft.segments[1].startswith("DTP*")


def _charge_differs(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not _is_plain(draft):
        return False
    add_charge(draft, 100)
    return True


def _other_payer_out_of_balance(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "AMT*D*")
    if at < 0 or draft.frequency == "8":
        return False
    put(draft.segments, at, 2, str(int(element(draft.segments[at], 2).partition(".")[0]) + 900))
    return True


def _other_payer_line_out_of_balance(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    found = [n for n, s in enumerate(draft.segments) if s.startswith("CAS*CO*45*")]
    if draft.frequency == "8" or len(found) < 2:
        return False
    for at, cents in zip(found[:2], (1, -1), strict=True):  # the claim's sums stay right
        whole, _, part = element(draft.segments[at], 3).partition(".")
        put(draft.segments, at, 3, money(int(whole) * 100 + int(part.ljust(2, "0") or 0) + cents))
    return True


def _patient_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.patient.dependent is not None:
        return False
    put(draft.levels, 1, 2, "")
    return True


def _patient_not_expected(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.patient.dependent is None:
        return False
    put(draft.levels, 1, 2, "18")
    return True


def _demographics_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    return draft.is_alone and draft.patient.dependent is None and remove(draft.levels, "DMG*")


def _original_number_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency != "1":
        return False
    put_component(draft.segments, 0, 5, 3, "7")
    return True


def _facility_zip_short(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "NM1*77*")
    if at < 0 or draft.frequency == "8":
        return False
    put(draft.segments, at + 2, 3, element(draft.segments[at + 2], 3)[:5])
    return True


def _accident_date_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or element(draft.segments[0], 11)[:2] not in ("AA", "OA"):
        return False
    return remove(draft.segments, "DTP*439*")


def _other_payer_date_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or find(draft.segments, "SVD*") > 0:
        return False
    return remove(draft.segments, "DTP*573*")


def _pointer_absent(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or len(draft.visit.diagnoses) >= 12:
        return False
    at = last_line(draft)
    pointers = element(draft.segments[at], 7).split(":")
    put(draft.segments, at, 7, ":".join([*pointers[:3], "12"]))
    return True


def _pointer_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8":
        return False
    at = last_line(draft)
    pointers = element(draft.segments[at], 7).split(":")
    put(draft.segments, at, 7, ":".join([*pointers[:3], pointers[0]]))
    return True


def _diagnosis_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8":
        return False
    draft.segments[find(draft.segments, "HI*")] += f"*ABF:{draft.visit.diagnoses[-1]}"
    return True


def _diagnosis_malformed(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    codes = draft.visit.diagnoses
    if draft.frequency == "8" or len(codes) < 2 or len(codes[-1]) < 4:
        return False
    at = find(draft.segments, "HI*")
    put_component(draft.segments, at, len(codes), 2, f"{codes[-1][:3]}.{codes[-1][3:]}")
    return True


def _diagnosis_version(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or draft.practice.kind != "family" or draft.patient.payer.kind in ("work", "auto"):
        return False
    nines = ("4019", "25000", "2724", "4659")[: len(draft.visit.diagnoses)]
    draft.segments[find(draft.segments, "HI*")] = "HI*BK:" + "*BF:".join(nines)
    return True


def _external_cause_first(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or draft.practice.kind != "family":
        return False
    draft.segments[find(draft.segments, "HI*")] = "HI*ABK:W010XXA*ABF:" + "*ABF:".join(draft.visit.diagnoses)
    return True


def _npi_wrong(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "NM1*82*")
    if at < 0:
        return False
    npi = element(draft.segments[at], 9)
    put(draft.segments, at, 9, npi[:9] + str((int(npi[9]) + 1) % 10))
    return True


def _taxonomy_malformed(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "PRV*PE*")
    if at < 0 or draft.frequency == "8":
        return False
    put(draft.segments, at, 3, element(draft.segments[at], 3)[:8] + "X")
    return True


def _zip_of_another_state(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.levels, "N4*")
    if not draft.is_alone or draft.frequency == "8":
        return False
    put(draft.levels, at, 3, "331014417")
    return True


def _state_unknown(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.frequency == "8":
        return False
    put(draft.levels, find(draft.levels, "N4*"), 2, "XQ")
    return True


def _units_zero(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or has_minutes(draft):
        return False
    put(draft.segments, last_line(draft), 4, "0")
    return True


def _service_in_future(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not _is_plain(draft) or _has_dates(draft):
        return False
    at = find(draft.segments, "DTP*472*")
    draft.segments[at] = "DTP*472*D8*20991231"
    return True


def _range_reversed(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8":
        return False
    at, age = find(draft.segments, "DTP*472*"), draft.visit.age
    draft.segments[at] = f"DTP*472*RD8*{calendar[age]}-{calendar[age + 3]}"
    return True


def _born_after_service(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.frequency == "8" or draft.visit.age < 3:
        return False
    put(draft.levels, find(draft.levels, "DMG*"), 2, calendar[1])
    return True


def _born_long_ago(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not draft.is_alone or draft.frequency == "8":
        return False
    put(draft.levels, find(draft.levels, "DMG*"), 2, "18510317")
    return True


def _procedure_malformed(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = last_line(draft)
    code = component(draft.segments[at], 1, 2)
    if draft.frequency == "8" or draft.patient.other_payer is not None or code[1:] == code[1:].replace("0", "O"):
        return False
    put_component(draft.segments, at, 1, 2, code[:1] + code[1:].replace("0", "O"))
    return True


def _modifier_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = last_line(draft)
    parts = element(draft.segments[at], 1).split(":")
    if draft.frequency == "8" or draft.patient.other_payer is not None or len(parts) > 5:
        return False
    put(draft.segments, at, 1, ":".join(parts + (parts[2:3] or ["LT", "LT"])))
    return True


def _charge_negative(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    first, last = draft.visit.lines[0], draft.visit.lines[-1]
    if (
        not _is_plain(draft)
        or len(draft.visit.lines) < 2
        or last.cents >= first.cents
        or find(draft.segments, "AMT*F5*") > 0
    ):
        return False
    put(draft.segments, last_line(draft), 2, f"-{money(last.cents)}")
    add_charge(draft, -2 * last.cents)
    return True


def _third_decimal(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not _is_plain(draft):
        return False
    total = sum(line.cents for line in draft.visit.lines)
    put(draft.segments, 0, 2, f"{total // 100}.{total % 100:02d}5")
    cents = draft.visit.lines[-1].cents
    put(draft.segments, last_line(draft), 2, f"{cents // 100}.{cents % 100:02d}5")
    return True


def _unlisted_without_words(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    is_private = draft.patient.payer.kind in ("pacificsource", "commercial")
    at = last_line(draft)
    if (
        not _is_plain(draft)
        or not is_private
        or draft.practice.kind != "therapy"
        or component(draft.segments[at], 1, 7)
    ):
        return False
    if find(draft.segments, "NTE*") > 0 or find(draft.segments, "PWK*") > 0 or len(draft.visit.lines) < 2:
        return False
    put_component(draft.segments, at, 1, 2, "97799")
    return True


def _began_after_service(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8" or _has_dates(draft) or draft.visit.age < 3:
        return False
    insert_date(draft, "454", calendar[draft.visit.age - 2])
    return True


def _lower_case(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = next(lines(draft))
    modifier = component(draft.segments[at], 1, 3)
    if draft.frequency == "8" or draft.patient.other_payer is not None or modifier == modifier.lower():
        return False
    put_component(draft.segments, at, 1, 3, modifier.lower())
    return True


def _line_number_skipped(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if draft.frequency == "8":
        return False
    count = len(draft.visit.lines)
    put(draft.segments, find(draft.segments, f"LX*{count}"), 1, str(count + 1))
    return True


def _past_filing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if not _is_plain(draft) or _has_dates(draft):
        return False
    for n, segment in enumerate(draft.segments):
        if segment.startswith("DTP*472*"):
            draft.segments[n] = f"DTP*472*D8*{calendar[draft.visit.age + 371]}"
    return True


def _line_control_number_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    found = [n for n, s in enumerate(draft.segments) if s.startswith("REF*6R*")]
    if draft.frequency == "8" or len(found) < 2:
        return False
    draft.segments[found[-1]] = draft.segments[found[0]]
    return True


def _duplicate(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if before is None or not _is_plain(draft) or before.frequency != "1":
        return False
    if any(":59" in segment for segment in before.segments):  # a repeat, perhaps: only to review
        return False
    draft.segments = list(before.segments)
    put(draft.segments, 0, 1, draft.number)
    return True


def _number_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if before is None or draft.frequency != "1" or before.frequency != "1":
        return False
    draft.number = before.number
    put(draft.segments, 0, 1, draft.number)
    return True


def _line_repeated(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    lines_ = draft.visit.lines
    if not _is_plain(draft) or draft.practice.kind != "family" or len(lines_) > 1 or lines_[0].drug:
        return False
    at = find(draft.segments, "LX*")
    draft.segments += ("LX*2", *draft.segments[at + 1 : at + 3])
    add_charge(draft, lines_[0].cents)
    return True


FAULTS: dict[str, tuple[str, str, Plant, tuple[str, ...]]] = {
    "claim-charge-differs-from-lines": ("CORE-BAL-01", "reject", _charge_differs, ()),
    "other-payer-claim-out-of-balance": ("CORE-BAL-02", "reject", _other_payer_out_of_balance, ()),
    "other-payer-line-out-of-balance": ("CORE-BAL-03", "reject", _other_payer_line_out_of_balance, ()),
    "patient-loop-missing": ("CORE-SIT-01", "reject", _patient_missing, ()),
    "patient-loop-not-expected": ("CORE-SIT-02", "reject", _patient_not_expected, ("CORE-SIT-03",)),
    "subscriber-demographics-missing": ("CORE-SIT-03", "reject", _demographics_missing, ()),
    "original-claim-number-missing": ("CORE-SIT-04", "reject", _original_number_missing, ()),
    "zip-not-nine-digits": ("CORE-SIT-07", "reject", _facility_zip_short, ()),
    "accident-date-missing": ("CORE-SIT-08", "reject", _accident_date_missing, ()),
    "other-payer-date-missing": ("CORE-SIT-15", "reject", _other_payer_date_missing, ()),
    "state-unknown": ("CORE-EXT-01", "warn", _state_unknown, ()),
    "pointer-to-absent-diagnosis": ("CORE-DX-01", "reject", _pointer_absent, ()),
    "pointer-repeated": ("CORE-DX-02", "warn", _pointer_repeated, ()),
    "diagnosis-repeated": ("CORE-DX-03", "warn", _diagnosis_repeated, ()),
    "diagnosis-malformed": ("CORE-DX-04", "reject", _diagnosis_malformed, ()),
    "diagnosis-version-wrong-for-date": ("CORE-DX-05", "reject", _diagnosis_version, ()),
    "external-cause-as-principal": ("CORE-DX-06", "reject", _external_cause_first, ()),
    "npi-check-digit": ("CORE-ID-01", "reject", _npi_wrong, ()),
    "taxonomy-malformed": ("CORE-ID-03", "reject", _taxonomy_malformed, ()),
    "zip-state-disagree": ("CORE-ID-04", "warn", _zip_of_another_state, ()),
    "units-not-positive": ("CORE-LIN-01", "reject", _units_zero, ()),
    "service-date-in-future": ("CORE-LIN-02", "reject", _service_in_future, ()),
    "date-range-reversed": ("CORE-LIN-03", "reject", _range_reversed, ()),
    "service-outside-life": ("CORE-LIN-04", "reject", _born_after_service, ("CORE-LIN-10",)),
    "procedure-malformed": ("CORE-LIN-05", "reject", _procedure_malformed, ()),
    "modifier-repeated": ("CORE-LIN-06", "reject", _modifier_repeated, ()),
    "negative-charge": ("CORE-LIN-07", "reject", _charge_negative, ()),
    "third-decimal": ("CORE-LIN-08", "reject", _third_decimal, ()),
    "unlisted-procedure-without-description": ("CORE-LIN-09", "reject", _unlisted_without_words, ()),
    "onset-after-service": ("CORE-LIN-10", "reject", _began_after_service, ()),
    "lower-case-code": ("CORE-LIN-12", "warn", _lower_case, ()),
    "line-number-out-of-order": ("CORE-LIN-13", "reject", _line_number_skipped, ()),
    "past-filing-limit": ("CORE-LIN-14", "warn", _past_filing, ()),
    "line-control-number-repeated": ("CORE-LIN-15", "warn", _line_control_number_repeated, ()),
    "birth-date-absurd": ("CORE-LIN-16", "reject", _born_long_ago, ()),
    "duplicate-claim": ("CORE-DUP-01", "reject", _duplicate, ()),
    "patient-control-number-repeated": ("CORE-DUP-02", "warn", _number_repeated, ()),
    "duplicate-line": ("CORE-DUP-03", "review", _line_repeated, ()),
}
"""Name: (edit, level, function, edits that may fire besides)."""
