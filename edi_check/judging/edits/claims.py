"""The claim's own heading: frequency and original number, accident, admission."""

from __future__ import annotations

from ...findings import Status
from ...model import Claim
from ..conditions import Codes
from ..registry import Hit, Result, check
from ._screens import has_ordinary_heading, has_ordinary_lines
from ._stray import has_strayed

_ACCIDENTS = ("AA", "OA")
_STATE = Status("A6", ("750",))


@check(gives="frequency", screen=has_ordinary_heading)
def original_claim_number_missing(claim: Claim) -> Result:
    """A replacement or void doesn't name the payer's number of the claim it is about (TR3 2300 REF*F8).

    Wrong:  CLM*A1*210***11:B:7*Y*A*Y*Y   without REF*F8
    Right:  CLM*A1*210***11:B:7*Y*A*Y*Y   REF*F8*20260115000123

    Returns one hit on CLM05-3; none where a REF of the claim has no place, or no good qualifier.
    """
    if claim.frequency not in ("7", "8") or claim.reference("F8") or has_strayed(claim, "REF", "2300"):
        return ()
    return (Hit("CLM05-3", values={"frequency": claim.frequency}),)


@check(screen=has_ordinary_heading)
def original_claim_number_not_expected(claim: Claim) -> Result:
    """An original claim names the payer's number of an earlier one.

    Wrong:  CLM*A1*210***11:B:1*Y*A*Y*Y   REF*F8*20260115000123
    Right:  CLM*A1*210***11:B:7*Y*A*Y*Y   REF*F8*20260115000123

    Returns one hit on REF*F8.
    """
    if not claim.references or claim.frequency != "1":
        return ()
    for r in claim.references:
        if r.qualifier == "F8":
            return (Hit("REF02", r.segment),)
    return ()


@check(gives="frequency", screen=has_ordinary_heading)
def frequency_not_for_professional(claim: Claim) -> Result:
    """CLM05-3 is a frequency that professional claims hardly know: other than 1, 7 and 8 (6 at ``warn``).

    Wrong:  CLM*A1*210***11:B:2*Y*A*Y*Y
    Right:  CLM*A1*210***11:B:1*Y*A*Y*Y

    Returns one hit on CLM05-3.
    """
    frequency = claim.frequency
    if frequency == "1" or frequency in ("", "7", "8"):
        return ()
    return (Hit("CLM05-3", values={"frequency": frequency}, level="warn" if frequency == "6" else ""),)


@check(gives="cause", screen=has_ordinary_heading)
def accident_date_missing(claim: Claim) -> Result:
    """An accident without its day, or a car accident without its state or country (TR3 2300 CLM11, DTP*439).

    A work illness (EM alone) has no day of accident, so that is a ``warn``.

    Wrong:  CLM*A1*210***11:B:1*Y*A*Y*Y**AA:::OR    without DTP*439
    Right:  CLM*A1*210***11:B:1*Y*A*Y*Y**AA:::OR    DTP*439*D8*20260105

    Returns a hit on CLM11 for the day, and one on CLM11-4 for the place.
    """
    causes = claim.related_causes
    if not causes:
        return ()
    found: list[Hit] = []
    if claim.date("439") is None and not has_strayed(claim, "DTP", "2300"):
        accident = next((c for c in causes if c in _ACCIDENTS), "")
        if accident:
            found.append(Hit("CLM11", values={"cause": accident}))
        elif "EM" in causes:
            found.append(Hit("CLM11", values={"cause": "EM"}, level="warn", says="work"))
    if "AA" in causes and not claim.accident_state and not claim.accident_country:
        found.append(Hit("CLM11-4", values={"cause": "AA"}, says="place", status=_STATE))
    return found


@check(gives="procedure number", screen=has_ordinary_lines)
def admission_date_missing(claim: Claim, *, procedures: Codes) -> Result:
    """Inpatient visits without the day of admission (TR3 2300 DTP*435).

    Wrong:  SV1*HC:99232*150*UN*1*21**1     and no DTP*435 on the claim
    Right:  SV1*HC:99232*150*UN*1*21**1     DTP*435*D8*20260201

    ``procedures`` are those that only an inpatient has; any other line at place 21 gives a ``warn``.

    Returns one hit on the claim.
    """
    first = 0
    for line in claim.service_lines:
        if line.place == "21":
            if line.procedure in procedures:
                return _admission(claim, line.number, "")
            first = first or line.number
    return _admission(claim, first, "warn") if first else ()


def _admission(claim: Claim, number: int, level: str) -> Result:
    if claim.date("435") is not None or has_strayed(claim, "DTP", "2300"):
        return ()
    procedure = claim.service_lines[number - 1].procedure
    return (Hit("", values={"procedure": procedure, "number": number}, level=level),)
