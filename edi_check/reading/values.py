"""What a value may look like: X12 data types as regular expression text, shared by both lanes.

``compile`` builds one expression per segment use from these, ``explain`` judges single values with the same ones,
so the lanes can't drift apart. All texts are fragments without capturing groups and without anchors.

What it is not: it knows no guide (codes, usage and lengths come from the caller) and no calendar of claims.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Final

from ..model import Delimiters

__all__ = [
    "AN_CLASS", "AN_TYPES", "DATE6", "DATE8", "DATE_FORMATS", "DATE_RANGE", "TIME", "TIME4", "date_pattern",
    "is_date8", "is_number_type", "measured_length", "number_pattern", "parse_day", "repetition_separator",
    "time_pattern",
]

_USUAL = Delimiters()

AN_TYPES = frozenset({"AN", "ID"})
"""Types whose trailing spaces carry no meaning (X12 RFI 46: they should be suppressed)."""

_CHARACTERS: Final = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"
    " !\"&'()*+,-./:;?=%~@[]_{}\\|<>^`#$"
)
"""The extended character set of 5010 (TR3 appendix B). Printable ASCII: no control characters, nothing above 7E."""

_MONTH_DAY = (
    "(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)"
    "|02(?:0[1-9]|1[0-9]|2[0-8]))"
)

DATE8: Final = (
    f"(?:(?:1[89]|[2-9][0-9])[0-9][0-9]{_MONTH_DAY}"
    "|(?:(?:1[89]|[2-9][0-9])(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[3579][26])00)0229)"
)
"""CCYYMMDD, a day of the calendar from 1800 on (nobody in a claim is older)."""

DATE6: Final = f"(?:[0-9][0-9]{_MONTH_DAY}|(?:[02468][048]|[13579][26])0229)"
"""YYMMDD; the century is 19 or 20, and 2000 was a leap year, so every fourth year is."""

DATE_RANGE = f"{DATE8}-{DATE8}"
"""RD8. The ends may stand in the wrong order here: CORE-LIN-03 judges that."""

TIME4: Final = "(?:[01][0-9]|2[0-3])[0-5][0-9]"
"""HHMM."""

TIME: Final = f"{TIME4}(?:[0-5][0-9][0-9]{{0,2}})?"
"""HHMM, HHMMSS, HHMMSSD or HHMMSSDD."""

DATE_FORMATS = {"D8": DATE8, "RD8": DATE_RANGE}
"""Data element 1250 to what data element 1251 after it must be; 837P uses these two."""


def repetition_separator(delimiters: Delimiters) -> str:
    """The repetition separator, or ``""`` when ISA11 names no separator (a letter such as 4010's ``U``, a digit, a
    space, or one of the other three)."""
    mark, others = delimiters.repetition, (delimiters.element, delimiters.component, delimiters.terminator)
    return "" if len(mark) != 1 or mark.isalnum() or mark == " " or mark in others else mark


@lru_cache(maxsize=32)
def AN_CLASS(delimiters: Delimiters) -> str:  # noqa: N802 - a constant for given delimiters
    """Body of a character class, to stand between ``[`` and ``]``: what AN and ID may hold, space included, less the
    delimiters in force. ``^`` is an ordinary character when it isn't the repetition separator. As few ranges: ``re``
    takes a character at a time to compile, and the class stands in a segment's expression up to a hundred times."""
    taken = {delimiters.element, delimiters.component, delimiters.terminator, repetition_separator(delimiters)}
    free = sorted(set(_CHARACTERS) - taken)
    runs = [[c for _, c in run] for _, run in groupby(enumerate(free), lambda numbered: ord(numbered[1]) - numbered[0])]
    return "".join(re.escape(run[0]) + (f"-{re.escape(run[-1])}" if len(run) > 1 else "") for run in runs)


def is_number_type(type_: str) -> bool:
    """Numeric: R, or N with its implied decimals."""
    return type_ == "R" or type_.startswith("N")


def measured_length(type_: str, text: str) -> int:
    """Length as X12 counts it: sign and decimal point of a number don't count."""
    if is_number_type(type_):
        return len(text) - text.count("-") - text.count(".")
    return len(text)


@lru_cache(maxsize=256)
def number_pattern(type_: str, low: int, high: int, delimiters: Delimiters = _USUAL) -> str:
    """Pattern of an N or R value with ``low`` to ``high`` digits.

    R is ``-?digits``, ``-?digits.digits`` or ``-?.digits``; a point at the right end is not X12 (it is to be left
    out). A sign or point that serves as delimiter can't occur in the value.
    """
    sign = "" if "-" in delimiters else "-?"
    if type_ != "R" or "." in delimiters:
        return f"{sign}[0-9]{{{low},{high}}}"
    # Whole numbers first; else look ahead for the count, digits and one point together.
    return (f"{sign}(?:[0-9]{{{low},{high}}}+(?!\\.)"
            f"|(?=[0-9.]{{{low + 1},{high + 1}}}+(?![0-9.]))[0-9]*\\.[0-9]+)")


def date_pattern(low: int, high: int) -> str:
    """Pattern of a DT value: six digits where the data element has six, else eight."""
    return DATE6 if (low, high) == (6, 6) else DATE8


def time_pattern(low: int, high: int) -> str:
    """Pattern of a TM value: HHMM where the data element has four digits, else with seconds and fractions."""
    return TIME4 if (low, high) == (4, 4) else TIME


_is_date8: Final = re.compile(DATE8, re.ASCII).fullmatch


def is_date8(text: str) -> bool:
    """Is ``text`` a CCYYMMDD day of the calendar?

    >>> is_date8("20240229"), is_date8("20260229"), is_date8("2026022")
    (True, False, False)
    """
    return _is_date8(text) is not None


def parse_day(text: str) -> date | None:
    """The day a CCYYMMDD text names, ``None`` when it names none.

    >>> parse_day("20261101")
    datetime.date(2026, 11, 1)
    """
    if _is_date8(text) is None:
        return None
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
