"""Faults against a payer's policy: the packs PSRC-MT (PacificSource) and CMS-MT (Medicare)."""

from __future__ import annotations

from collections.abc import Callable

from ..claims import DraftClaim
from .text import (
    add_note,
    component,
    element,
    find,
    has_minutes,
    insert_date,
    lines,
    put,
    put_component,
    remove,
    set_diagnoses,
)

__all__ = ["FAULTS"]

Plant = Callable[[DraftClaim, "DraftClaim | None", tuple[str, ...]], bool]
Calendar = tuple[str, ...]
Before = DraftClaim | None

_MANIPULATION = ("98940", "98941", "98942")
_EXERCISE = ("97110", "97112", "97116", "97530")


def _line(draft: DraftClaim, *procedures: str) -> int:
    """Index of the first SV1 of these procedures on a PacificSource claim that nobody has paid before; else -1."""
    if not draft.patient.payer.is_pacificsource or draft.patient.other_payer is not None or draft.frequency == "8":
        return -1
    return next(lines(draft, *procedures), -1)


def _medicare_line(draft: DraftClaim, *procedures: str) -> int:
    """As ``_line``, of a Medicare claim."""
    if not draft.patient.payer.is_medicare or draft.frequency == "8":
        return -1
    return next(lines(draft, *procedures), -1)


def _element(number: int, value: str, *procedures: str) -> Plant:
    """A fault that is one element of an SV1."""

    def plant(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
        at = _line(draft, *procedures)
        if at < 0 or has_minutes(draft):
            return False
        put(draft.segments, at, number, value)
        return True

    return plant


def _words(text: str, *procedures: str) -> Plant:
    """A fault that is a claim note."""

    def plant(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
        if _line(draft, *procedures) < 0:
            return False
        add_note(draft, text)
        return True

    return plant


def _diagnoses(*codes: str) -> Plant:
    """A fault that is all diagnoses of a claim with manual therapy."""

    def plant(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
        if _line(draft, "97140", "97124") < 0 or draft.practice.kind == "chiropractic":
            return False
        set_diagnoses(draft, *codes)
        return True

    return plant


def _massage_beside(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _line(draft, *_EXERCISE)
    if at < 0 or _line(draft, "97140") < 0:
        return False
    put_component(draft.segments, at, 1, 2, "97124")
    return True


def _modifier_51(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _line(draft, "97140")
    if at < 0 or component(draft.segments[at], 1, 6):
        return False
    put(draft.segments, at, 1, element(draft.segments[at], 1) + ":51")
    return True


def _past_acute(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if _line(draft, "97140", "97124") < 0 or draft.segments[1].startswith("DTP*"):
        return False
    insert_date(draft, "431", calendar[draft.visit.age + 140])
    return True


def _massage_for_lymphedema(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    if _line(draft, "97124") < 0:
        return False
    set_diagnoses(draft, "I890")
    return True


def _massage_therapist(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = find(draft.segments, "PRV*PE*")
    if _line(draft, "97140") < 0 or at < 0:
        return False
    put(draft.segments, at, 3, "225700000X")
    return True


def _several_days(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at, age = _line(draft, "97140"), draft.visit.age
    if at < 0 or age < 5:
        return False
    draft.segments[find(draft.segments, "DTP*472*", at)] = f"DTP*472*RD8*{calendar[age]}-{calendar[age - 2]}"
    return True


def _minutes_of_another_number(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _line(draft, "97140")
    if at < 0 or component(draft.segments[at], 1, 7):
        return False
    at += 2
    if at < len(draft.segments) and draft.segments[at].startswith("REF*6R*"):
        at += 1
    if at < len(draft.segments) and draft.segments[at].startswith("NTE*"):
        return False
    draft.segments.insert(at, "NTE*ADD*95 MINUTES MANUAL THERAPY")
    return True


def _more_regions_than_diagnoses(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _line(draft, "98940")
    if at < 0:
        return False
    put_component(draft.segments, at, 1, 2, "98942")
    return True


def _discipline_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare_line(draft, "97140", *_EXERCISE)
    if at < 0 or draft.patient.other_payer is not None:
        return False
    parts = [p for p in element(draft.segments[at], 1).split(":") if p not in ("GP", "GO", "CQ")]
    put(draft.segments, at, 1, ":".join(parts))
    return True


def _assistant_without_discipline(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare_line(draft, "97140", *_EXERCISE)
    if at < 0 or component(draft.segments[at], 1, 3) != "GP" or component(draft.segments[at], 1, 6):
        return False
    if component(draft.segments[at], 1, 4) == "CQ":
        return False
    put_component(draft.segments, at, 1, 3, "GP:CO")
    return True


def _active_treatment_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare_line(draft, *_MANIPULATION)
    if at < 0:
        return False
    put_component(draft.segments, at, 1, 3, "")
    return True


def _without_date(qualifier: str) -> Plant:
    """A fault that is a missing date of a Medicare manipulation."""

    def plant(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
        return _medicare_line(draft, *_MANIPULATION) > 0 and remove(draft.segments, f"DTP*{qualifier}*")

    return plant


def _subluxation_not_first(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare_line(draft, *_MANIPULATION)
    if at < 0:
        return False
    put(draft.segments, at, 7, f"{len(draft.visit.diagnoses)}:1")
    return True


def _liability_conflict(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    at = _medicare_line(draft, *_MANIPULATION)
    if at < 0:
        return False
    put_component(draft.segments, at, 1, 3, "GA:GZ")
    return True


def _certifier_missing(draft: DraftClaim, before: Before, calendar: Calendar) -> bool:
    return _medicare_line(draft, "97140", *_EXERCISE) > 0 and remove(draft.segments, "NM1*DN*")


_MT_06 = ("PSRC-MT-06",)

FAULTS: dict[str, tuple[str, str, Plant, tuple[str, ...]]] = {
    "unit-basis-not-units": ("PSRC-MT-01", "reject", _element(3, "MJ", "97140", "97124"), ()),
    "timed-units-not-whole": ("PSRC-MT-02", "reject", _element(4, "1.5", "97140", "97124"), ()),
    "units-over-daily-limit": ("PSRC-MT-03", "review", _element(4, "7", "97140"), ()),
    "massage-with-manual-therapy": ("PSRC-MT-04", "reject", _massage_beside, ()),
    "modifier-51-on-manual-therapy": ("PSRC-MT-05", "reject", _modifier_51, ()),
    "diagnosis-not-supportive": ("PSRC-MT-06", "warn", _diagnoses("K219"), ()),
    "diagnosis-unrelated": ("PSRC-MT-06", "review", _diagnoses("J069"), ()),
    "excluded-technique-named": ("PSRC-MT-07", "review", _words("CUPPING TO UPPER BACK", "97140", "97124"), ()),
    "past-the-acute-phase": ("PSRC-MT-08", "warn", _past_acute, ()),
    "maintenance-or-wellness-care": ("PSRC-MT-09", "review", _words("MAINTENANCE CARE VISIT", "97140", "97124"), ()),
    "excluded-rehabilitation": ("PSRC-MT-10", "review", _diagnoses("I69351"), _MT_06),
    "behavioural-service-on-claim": ("PSRC-MT-11", "review", _words("BIOFEEDBACK SESSION", "97140", "97124"), ()),
    "addiction-diagnosis": ("PSRC-MT-12", "review", _diagnoses("F17210"), _MT_06),
    "menstrual-cramps-diagnosis": ("PSRC-MT-13", "review", _diagnoses("N946"), _MT_06),
    "infertility-diagnosis": ("PSRC-MT-14", "review", _diagnoses("N979"), _MT_06),
    "craniosacral-therapy-named": ("PSRC-MT-15", "review", _words("CRANIOSACRAL THERAPY", "97140", "97124"), ()),
    "schroth-method-named": (
        "PSRC-MT-16",
        "review",
        _words("SCHROTH EXERCISES", "97110", "97112", "97530", "97140"),
        (),
    ),
    "more-than-one-spinal-manipulation": ("PSRC-MT-18", "review", _element(4, "2", *_MANIPULATION), ()),
    "lymphatic-drainage-as-massage": ("PSRC-MT-19", "warn", _massage_for_lymphedema, ()),
    "massage-therapist-renders-manual-therapy": ("PSRC-MT-20", "warn", _massage_therapist, ()),
    "minutes-disagree-with-units": ("PSRC-MT-21", "warn", _minutes_of_another_number, ()),
    "hands-on-service-by-telehealth": ("PSRC-MT-22", "warn", _element(5, "10", "97140", "97124"), ()),
    "timed-code-over-several-days": ("PSRC-MT-23", "review", _several_days, ("PSRC-MT-04",)),
    "manipulation-level-above-diagnoses": ("PSRC-MT-25", "warn", _more_regions_than_diagnoses, ()),
    "discipline-modifier-missing": ("CMS-MT-02", "reject", _discipline_missing, ()),
    "assistant-modifier-without-discipline": ("CMS-MT-03", "reject", _assistant_without_discipline, ()),
    "manipulation-without-AT": ("CMS-MT-04", "review", _active_treatment_missing, ()),
    "initial-treatment-date-missing": ("CMS-MT-05", "reject", _without_date("454"), ()),
    "subluxation-not-first": ("CMS-MT-10", "review", _subluxation_not_first, ()),
    "liability-modifiers-conflict": ("CMS-MT-11", "reject", _liability_conflict, ()),
    "certifying-provider-missing": ("CMS-MT-13", "review", _certifier_missing, ()),
    "acute-manifestation-date-missing": ("CMS-MT-16", "reject", _without_date("453"), ()),
}
"""Name: (edit, level, function, edits that may fire besides)."""
