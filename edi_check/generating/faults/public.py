"""Further faults against public programmes: Medicare (CMS-MT, NCCI-04) and Oregon Medicaid (OHP-MT)."""

from __future__ import annotations

from ..claims import DraftClaim
from ..visits import TIMED
from .guide import Plant
from .text import add_charge, component, element, find, has_minutes, lines, put, put_component

__all__ = ["FAULTS"]

Calendar = tuple[str, ...]
Before = DraftClaim | None

_MANIPULATION = ("98940", "98941", "98942")
_PROCEDURES = ("97110", "97112", "97116", "97140", "97530")
_EVALUATIONS = ("97161", "97162", "97163", "97165", "97166", "97164", "97168")


def _medicare(draft: DraftClaim, *procedures: str) -> int:
    """Index of the first SV1 of these procedures on a Medicare claim; else -1."""
    if not draft.patient.payer.is_medicare or draft.frequency == "8":
        return -1
    return next(lines(draft, *procedures), -1)


def _oregon(draft: DraftClaim, *procedures: str) -> int:
    """As ``_medicare``, of a claim to Oregon Medicaid's coordinated care."""
    if draft.patient.payer.kind != "coordinated-care" or draft.frequency == "8" or draft.practice.kind != "therapy":
        return -1
    return next(lines(draft, *procedures), -1)


def _beside(draft: DraftClaim, at: int, *procedures: str) -> None:
    """Append a line for each procedure (CODE or CODE:MODIFIER), one unit, with the pointers of the line at ``at``."""
    day, pointers = draft.segments[find(draft.segments, "DTP*472*")], element(draft.segments[at], 7)
    count = sum(1 for _ in lines(draft))
    for n, procedure in enumerate(procedures, count + 1):
        draft.segments += (f"LX*{n}", f"SV1*HC:{procedure}*20*UN*1***{pointers}", day)
    add_charge(draft, 2000 * len(procedures))


def _discipline(draft: DraftClaim, at: int) -> str:
    return "GO" if "GO" in element(draft.segments[at], 1).split(":") else "GP"


def _massage_beside(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare(draft, "97110", "97112", "97116")
    if at < 0 or _medicare(draft, "97140") < 0:
        return False
    put_component(draft.segments, at, 1, 2, "97124")
    return True


def _chiropractor_sees(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare(draft, *_MANIPULATION)
    if at < 0:
        return False
    _beside(draft, at, "99213:25")
    return True


def _cold_pack(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare(draft, *_PROCEDURES)
    if at < 0:
        return False
    _beside(draft, at, f"97010:{_discipline(draft, at)}")
    return True


def _extraspinal(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at, taxonomy = _medicare(draft, *_MANIPULATION), find(draft.segments, "PRV*PE*")
    if at < 0 or taxonomy < 0:
        return False
    put(draft.segments, taxonomy, 3, "204D00000X")  # a physician: of a chiropractor, CMS-MT-06 would speak too
    _beside(draft, at, "98943")
    return True


def _two_manipulations(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare(draft, *_MANIPULATION)
    if at < 0:
        return False
    put(draft.segments, at, 4, "2")
    return True


def _minutes_of_another_number(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare(draft, "97140")
    if at < 0 or component(draft.segments[at], 1, 7) or sum(1 for _ in lines(draft, *TIMED)) > 1:
        return False
    at += 2
    if at < len(draft.segments) and draft.segments[at].startswith("REF*6R*"):
        at += 1
    draft.segments.insert(at, "NTE*ADD*200 MINUTES MANUAL THERAPY")
    return True


def _massage_therapist(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "PRV*PE*")
    if _medicare(draft, "97140") < 0 or at < 0:
        return False
    put(draft.segments, at, 3, "225700000X")
    return True


def _many_timed_units(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    """Nine timed units, on the Sunday before: nobody else was treated then, so only the patient's day is too long."""
    at = _medicare(draft, *_PROCEDURES)
    if at < 0 or draft.segments[1].startswith("DTP*") or has_minutes(draft):
        return False
    units = [int(element(draft.segments[n], 4)) for n in lines(draft, *TIMED)]
    put(draft.segments, at, 4, str(9 - sum(units) + int(element(draft.segments[at], 4))))
    age = draft.visit.age + 1
    while _weekday(calendar[age]) != 6:
        age += 1
    for n, segment in enumerate(draft.segments):
        if segment.startswith("DTP*472*"):
            draft.segments[n] = f"DTP*472*D8*{calendar[age]}"
    return True


def _weekday(day: str) -> int:
    """0 is Monday, by Zeller's congruence: the calendar holds texts."""
    year, month, number = int(day[:4]), int(day[4:6]), int(day[6:])
    if month < 3:
        year, month = year - 1, month + 12
    return (number + 13 * (month + 1) // 5 + year + year // 4 - year // 100 + year // 400 - 2) % 7


def _both_modifiers(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    payer = draft.patient.payer
    if not (payer.is_medicare or payer.is_medicaid) or draft.frequency == "8":
        return False
    at = next((n for n in lines(draft) if 0 < len(element(draft.segments[n], 1).split(":")) < 5), -1)
    if at < 0:
        return False
    kept = [part for part in element(draft.segments[at], 1).split(":") if part != "59"]
    put(draft.segments, at, 1, ":".join([*kept, "59", "XU"]))
    return True


def _over_an_hour(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, *_PROCEDURES)
    if at < 0 or has_minutes(draft):
        return False
    put(draft.segments, at, 4, "5")
    return True


def _three_modalities(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, *_PROCEDURES)
    if at < 0 or any(component(draft.segments[n], 1, 2) in ("97010", "97012", "97014") for n in lines(draft)):
        return False
    mark = _discipline(draft, at)
    _beside(draft, at, f"97010:{mark}", f"97016:{mark}", f"97018:{mark}")
    return True


def _modality_alone(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, *_PROCEDURES)
    if at < 0 or sum(1 for _ in lines(draft)) > 1:
        return False
    put_component(draft.segments, at, 1, 2, "97016")
    put(draft.segments, at, 4, "1")
    return True


def _modality_twice(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, *_PROCEDURES)
    if at < 0:
        return False
    _beside(draft, at, f"97016:{_discipline(draft, at)}")
    put(draft.segments, len(draft.segments) - 2, 4, "2")
    return True


def _long_massage(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, "97110", "97112", "97116", "97140")
    if at < 0 or sum(1 for _ in lines(draft, *TIMED)) > 1:
        return False
    put_component(draft.segments, at, 1, 2, "97124")
    put(draft.segments, at, 4, "3")
    return True


def _evaluated_twice(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, *_PROCEDURES)
    if at < 0 or not draft.is_alone or next(lines(draft, *_EVALUATIONS), -1) > 0:
        return False
    mark = _discipline(draft, at)
    _beside(draft, at, *((f"97165:{mark}", f"97168:{mark}") if mark == "GO" else (f"97161:{mark}", f"97164:{mark}")))
    return True


def _three_evaluations(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, *_PROCEDURES)
    if at < 0 or not draft.is_alone or next(lines(draft, *_EVALUATIONS), -1) > 0:
        return False
    if draft.segments[1].startswith("DTP*"):
        return False
    mark = _discipline(draft, at)
    codes = ("97165", "97166", "97167") if mark == "GO" else ("97161", "97162", "97163")
    _beside(draft, at, *(f"{code}:{mark}" for code in codes))
    for place, days in ((-1, 0), (-4, 5), (-7, 10)):  # each on a day of its own
        draft.segments[place] = f"DTP*472*D8*{calendar[draft.visit.age + days]}"
    return True


def _traction(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _oregon(draft, *_PROCEDURES)
    if at < 0 or draft.visit.site not in ("NECK", "LOW BACK", "UPPER BACK") or next(lines(draft, "97012"), -1) > 0:
        return False
    if not all(code.startswith(("M47", "M54")) for code in draft.visit.diagnoses):
        return False
    _beside(draft, at, f"97012:{_discipline(draft, at)}")
    return True


FAULTS: dict[str, tuple[str, str, Plant, tuple[str, ...]]] = {
    "medicare-massage-with-manual-therapy": ("CMS-MT-01", "review", _massage_beside, ()),
    "chiropractor-bills-other-service": ("CMS-MT-06", "review", _chiropractor_sees, ()),
    "hot-or-cold-pack-not-paid": ("CMS-MT-07", "warn", _cold_pack, ()),
    "extraspinal-manipulation-not-a-benefit": ("CMS-MT-08", "review", _extraspinal, ()),
    "medicare-more-than-one-manipulation": ("CMS-MT-09", "review", _two_manipulations, ()),
    "medicare-minutes-disagree-with-units": ("CMS-MT-12", "warn", _minutes_of_another_number, ()),
    "medicare-massage-therapist-renders": ("CMS-MT-14", "review", _massage_therapist, ()),
    "timed-units-implausible": ("CMS-MT-15", "warn", _many_timed_units, ()),
    "both-59-and-x-modifier": ("NCCI-04", "warn", _both_modifiers, ()),
    "therapy-over-one-hour": ("OHP-MT-01", "review", _over_an_hour, ()),
    "more-than-two-modalities": ("OHP-MT-02", "review", _three_modalities, ()),
    "modality-alone": ("OHP-MT-03", "review", _modality_alone, ()),
    "modality-repeated": ("OHP-MT-04", "review", _modality_twice, ()),
    "massage-over-two-units": ("OHP-MT-05", "review", _long_massage, ()),
    "evaluation-with-re-evaluation": ("OHP-MT-06", "review", _evaluated_twice, ()),
    "evaluations-over-yearly-limit": ("OHP-MT-08", "review", _three_evaluations, ()),
    "traction-for-back-or-neck": ("OHP-MT-09", "warn", _traction, ()),
}
"""Name: (edit, level, function, edits that may fire besides)."""
