"""Amounts that are no amounts: below zero, or with parts of a cent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...findings import Status
from ...model import Adjustment, Claim
from ..registry import Hit, Result, check
from ._screens import has_ordinary_lines
from ._words import money

_LINE_NEGATIVE = Status("A7", ("693", "583"))


@check(gives="charge number", screen=has_ordinary_lines)
def negative_charge(claim: Claim) -> Result:
    """A charge of the claim or of a line is below zero (a correction is a replacement, not a negative claim).

    Wrong:  CLM*A1*-210***11:B:1…   SV1*HC:97140:GP*-120*UN*2***1
    Right:  CLM*A1*210***11:B:1…    SV1*HC:97140:GP*120*UN*2***1

    Returns a hit on CLM02 and on each SV102 below zero.
    """
    found: list[Hit] = []
    if claim.charge_text[:1] == "-" and claim.charge is not None and claim.charge < 0:
        found.append(Hit("CLM02", values={"charge": money(claim.charge), "number": ""}))
    for line in claim.service_lines:
        if line.charge_text[:1] == "-" and line.charge is not None and line.charge < 0:
            values = {"charge": money(line.charge), "number": line.number}
            found.append(Hit("SV102", line.service_segment, line.number, values, says="line", status=_LINE_NEGATIVE))
    return found


@check(gives="charge element", screen=has_ordinary_lines)
def charge_has_more_than_two_decimals(claim: Claim) -> Result:
    """An amount of money has a third decimal that is not 0 (X12 monetary amounts are dollars and cents).

    Looked at: CLM02, SV102, and of other payers AMT*D, SVD02 and CAS.

    Wrong:  SV1*HC:97140:GP*120.125*UN*2***1
    Right:  SV1*HC:97140:GP*120.12*UN*2***1     and  120.120, which is the same amount

    Returns a hit on each amount at fault, with the status of its element.
    """
    text = claim.charge_text
    found: list[Hit] = []
    if "." in text[:-3] and has_parts(text):
        found.append(_parts("CLM02", 0, 0, text, "178"))
    for line in claim.service_lines:
        text = line.charge_text
        if "." in text[:-3] and has_parts(text):
            found.append(_parts("SV102", line.service_segment, line.number, text, "583"))
    if claim.other_payers:
        found.extend(_other_amounts(claim))
    return found


def _other_amounts(claim: Claim) -> Iterator[Hit]:
    for other in claim.other_payers:
        if has_parts(other.paid_text):
            yield _parts("AMT02", other.paid_segment, 0, other.paid_text, "183", "PR")
        yield from _adjusted(other.adjustments, 0)
    for line in claim.service_lines:
        for a in line.adjudications:
            if has_parts(a.paid_text):
                yield _parts("SVD02", a.segment, line.number, a.paid_text, "643")
            yield from _adjusted(a.adjustments, line.number)


def _adjusted(adjustments: Sequence[Adjustment], line: int) -> Iterator[Hit]:
    for cas in adjustments:
        for n, (_reason, amount, _quantity) in enumerate(cas.amounts):
            if amount is not None and has_parts(f"{amount:f}"):
                yield _parts(f"CAS{3 * n + 3:02}", cas.segment, line, f"{amount:f}", "519")


def has_parts(text: str) -> bool:
    """Has an amount a third decimal that counts? What is no number is told by the guide."""
    whole, _, decimals = text.partition(".")
    return decimals[2:].strip("0") != "" and (whole.removeprefix("-") + decimals).isdecimal() and text.isascii()


def _parts(element: str, segment: int, line: int, text: str, code: str, entity: str = "") -> Hit:
    return Hit(element, segment, line, {"charge": text, "element": element},
               status=Status("A7", ("697", code), entity))
