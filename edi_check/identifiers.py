"""Identifiers and the shapes of codes, each an ``is_…`` of one text: NPI, tax id, taxonomy, ICD, HCPCS, modifier, ZIP.

They look at the text alone: whether an NPI was ever issued, or a code is in a code set on a day, is not known here
(``codelists``). Codes are expected in upper case. No ``python-stdnum``: of all these it has only Luhn and the form of
an EIN; its Luhn is slower than the two lines here and raises where the answer is no.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "has_one_digit_only", "is_hcpcs_shape", "is_icd9cm_shape", "is_icd10cm_shape", "is_modifier_shape", "is_npi",
    "is_tax_id", "is_taxonomy", "is_zip", "is_zip9", "luhn_sum", "may_be_of_a_person",
]

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_PREFIX_80840: Final = 24  # what the card issuer prefix 80840 adds to the Luhn sum of the ten digits behind it
_NPIS: Final[dict[str, bool]] = {}
_NPIS_LIMIT: Final = 50_000

_tax_id: Final = re.compile("[0-9]{9}").fullmatch
_employer: Final = re.compile("[0-9]{2}-[0-9]{7}").fullmatch
_taxonomy: Final = re.compile("[0-9A-Z]{9}X").fullmatch
_icd10: Final = re.compile("[A-Z][0-9A][0-9A-Z]{1,5}").fullmatch
_icd9: Final = re.compile("[0-9]{3,5}|V[0-9]{2,4}|E[0-9]{3,4}").fullmatch
_hcpcs: Final = re.compile("[0-9]{4}[0-9AFMTU]|[A-Z][0-9]{4}").fullmatch
_modifier: Final = re.compile("[0-9A-Z]{2}").fullmatch
_zip: Final = re.compile("[0-9]{5}(?:[0-9]{4})?").fullmatch
_zip9: Final = re.compile("[0-9]{9}").fullmatch
_npi: Final = re.compile("[12][0-9]{9}").fullmatch


def luhn_sum(digits: str) -> int:
    """The Luhn sum of a text of ASCII digits; a multiple of ten is good."""
    numbers = [ord(d) - 48 for d in reversed(digits)]
    return sum(numbers[0::2]) + sum(_DOUBLED[n] for n in numbers[1::2])


def is_npi(text: str) -> bool:
    """Ten digits, the first 1 or 2, with a good Luhn sum behind the prefix 80840 (45 CFR 162.406, domain.md E.2).

    Kept in a bounded table, because the same few providers come back on every claim.

    >>> is_npi("1900000013"), is_npi("1900000014"), is_npi("3900000011")
    (True, False, False)
    """
    known = _NPIS.get(text)
    if known is None:
        known = _npi(text) is not None and (_PREFIX_80840 + luhn_sum(text)) % 10 == 0
        if len(_NPIS) >= _NPIS_LIMIT:
            _NPIS.clear()
        _NPIS[text] = known
    return known


def is_tax_id(text: str) -> bool:
    """Nine digits, no hyphen: an EIN or SSN as X12 wants it."""
    return _tax_id(text) is not None


def may_be_of_a_person(tax_id: str) -> bool:
    """May a tax id be a social security number, or what the IRS gives people who have none? Certainly not one written
    as an employer's (``93-1234567``); nor one that the SSA gives nobody: area 000 or 666, group 00, serial 0000, or a 9
    in front, but where the IRS gives those out itself (group 50 to 99). What isn't nine digits may be a piece of one.

    >>> may_be_of_a_person("123456789"), may_be_of_a_person("900700001"), may_be_of_a_person("12345678")
    (True, True, True)
    >>> may_be_of_a_person("93-1234567"), may_be_of_a_person("931234567"), may_be_of_a_person("123006789")
    (False, False, False)
    """
    if _employer(tax_id) is not None:
        return False
    digits = tax_id.replace("-", "").replace(" ", "")
    if not is_tax_id(digits):
        return any(c.isdigit() for c in digits)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and group != "00" and serial != "0000" and (area[0] != "9" or group >= "50")


def has_one_digit_only(text: str) -> bool:
    """All characters alike, as in a filler such as 999999999."""
    return len(text) > 1 and text == text[0] * len(text)


def is_taxonomy(text: str) -> bool:
    """The form of a provider taxonomy code: ten letters or digits, the last an X.

    >>> is_taxonomy("225100000X"), is_taxonomy("225100000")
    (True, False)
    """
    return _taxonomy(text) is not None


def is_icd10cm_shape(text: str) -> bool:
    """Letter, digit (or A: the codes QA0… of fiscal year 2026), then one to five letters or digits, without the decimal
    point.

    >>> is_icd10cm_shape("QA0012")
    True
    >>> is_icd10cm_shape("M5450"), is_icd10cm_shape("M54.50"), is_icd10cm_shape("Z3A20"), is_icd10cm_shape("7242")
    (True, False, True, False)
    """
    return _icd10(text) is not None


def is_icd9cm_shape(text: str) -> bool:
    """Three to five digits, or V and two to four, or E and three to four, without the decimal point."""
    return _icd9(text) is not None


def is_hcpcs_shape(text: str) -> bool:
    """Five: four digits and a digit, A, F, M, T or U (CPT and its categories); or a letter and four digits (HCPCS II).

    >>> is_hcpcs_shape("97140"), is_hcpcs_shape("0001U"), is_hcpcs_shape("G0283"), is_hcpcs_shape("9714")
    (True, True, True, False)
    """
    return _hcpcs(text) is not None


def is_modifier_shape(text: str) -> bool:
    """Two letters or digits."""
    return _modifier(text) is not None


def is_zip(text: str) -> bool:
    """Five or nine digits."""
    return _zip(text) is not None


def is_zip9(text: str) -> bool:
    """Nine digits, no hyphen."""
    return _zip9(text) is not None
