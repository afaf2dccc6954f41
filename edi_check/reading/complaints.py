"""What is wrong with a single value, in words: the end of the sentence that ``explain`` begins, and what to do.

What it is not: it neither knows the segment, nor whether the value may stand there.
"""

from __future__ import annotations

import re

from .guide import ElementUse
from .values import DATE_FORMATS, date_pattern, is_number_type, measured_length, number_pattern, time_pattern

__all__ = ["complaint"]

_MAX_CODES = 15
_ANY_LENGTH = 1 << 30
_NO_CODE = "is not a code the guide allows here."
_POINTER, _STATE, _RELATIONSHIP = "1328", "156", "1069"
"""Data elements of which more can be said."""
_SELF = "18"
_FORMS = {"[0-9]{9}": "Give exactly nine digits, without hyphens."}


def complaint(element: ElementUse, text: str, date_format: str) -> tuple[str, str, str] | None:
    """What is wrong with a value: IK403 code, end of the sentence, fix; ``None`` when nothing is."""
    low, high = element.min_length, element.max_length
    if is_number_type(element.type):
        if not re.fullmatch(number_pattern(element.type, 1, _ANY_LENGTH), text):
            return "6", *_number_complaint(element)
    elif element.type == "DT" and not re.fullmatch(date_pattern(low, high), text):
        form = "YYMMDD" if high == 6 else "CCYYMMDD"
        return "8", _no_day(text, form), f"Give a real day as {form}."
    elif element.type == "TM" and not re.fullmatch(time_pattern(low, high), text):
        return "9", "is not a time of day.", f"Give the time as HHMM{' or HHMMSS' if high > 4 else ''}."
    if element.codes and text not in element.codes:
        return "7", *_code_complaint(element, text)
    if element.number == "1251" and date_format and not re.fullmatch(DATE_FORMATS[date_format], text):
        if date_format == "RD8":
            return "8", "is not a range of two days.", "Give first and last day as CCYYMMDD-CCYYMMDD."
        return "8", _no_day(text, "CCYYMMDD"), "Give a real day as CCYYMMDD: year, month, day."
    length = measured_length(element.type, text)
    unit = ("digit" if is_number_type(element.type) else "character") + ("" if length == 1 else "s")
    if length < low:
        return "4", f"is too short: {length} {unit}, at least {low} are needed.", "Give the whole value."
    if length > high:
        return "5", f"is too long: {length} {unit}, at most {high} are allowed.", (
            "Give the two letters of the state or province." if element.number == _STATE else "Shorten the value.")
    if element.pattern and not re.fullmatch(element.pattern, text):
        return "I12", "doesn't have the form the guide demands.", _FORMS.get(element.pattern, "Correct the value.")
    return None


def _no_day(text: str, form: str) -> str:
    """End of the sentence for a date that is none, or is written in another form."""
    if len(text) == len(form) and text.isdigit():
        return "is not a day of the calendar."
    return f"is not a day in the form {form}."


def _number_complaint(element: ElementUse) -> tuple[str, str]:
    """End of the sentence and fix for a number that is none."""
    if element.type == "R":
        return "is not a number.", "Give digits, with a point where needed; no comma and no currency sign."
    if element.number == _POINTER:  # the paper form has letters
        return ("is not a whole number.",
                "Give the number of the diagnosis in HI: 1 for the first (A on paper), 2 for the second.")
    return "is not a whole number.", "Give digits only."


def _code_complaint(element: ElementUse, text: str) -> tuple[str, str]:
    """End of the sentence and fix for a code that isn't in the element's list."""
    if element.code_list == "pos":
        return ("is not a place of service that CMS publishes.",
                "Give the code of two digits for where the service was given, such as 11 (office) or 12 (home).")
    codes = sorted(element.codes, key=lambda c: (len(c), c))
    if len(codes) > _MAX_CODES:
        return _NO_CODE, f"Use one of the {len(codes)} codes that the guide has for this element."
    fix = f"Use {codes[0]}." if len(codes) == 1 else f"Use one of {', '.join(codes)}."
    if element.number == _RELATIONSHIP and codes == [_SELF]:
        fix = "Use 18 if the subscriber is the patient; if not, leave SBR02 empty and send the patient in loop 2000C."
    elif element.number == _RELATIONSHIP and text == _SELF:
        fix = "If the subscriber is the patient, send SBR02 = 18 and no loop 2000C; if not, use one of " + fix[11:]
    return _NO_CODE, fix
