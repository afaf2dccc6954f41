"""The service line: form of its procedure and modifiers, its number, its control number, its description."""

from __future__ import annotations

from ...identifiers import is_hcpcs_shape, is_modifier_shape
from ...model import Claim, ServiceLine
from ..codesets import Procedures
from ..registry import Hit, Result, Unjudged, check
from ._screens import has_ordinary_lines

_NUMBERS = tuple(str(n) for n in range(100))


@check(looks_at="service")
def procedure_malformed(line: ServiceLine) -> Result:
    """A procedure code that can't be CPT or HCPCS (45 CFR 162.1002): five characters of their shapes.

    Judged with SV101-1 = HC only; ER, IV and WK have other code sets.

    Wrong:  SV1*HC:9714:GP*120*UN*2***1
    Right:  SV1*HC:97140:GP*120*UN*2***1    SV1*HC:0001U*90*UN*1***1    SV1*HC:G0283*30*UN*1***1

    Returns one hit on SV101-2.
    """
    if is_hcpcs_shape(line.procedure) or line.procedure_qualifier != "HC" or not line.procedure:
        return ()
    return (Hit("SV101-2"),)


@check(looks_at="service", gives="modifier")
def modifier_malformed_or_repeated(line: ServiceLine) -> Result:
    """A modifier that isn't two letters or digits, or stands twice on a line.

    Wrong:  SV1*HC:97140:GP:GP*120*UN*2***1    SV1*HC:97140:G-*120*UN*2***1
    Right:  SV1*HC:97140:GP:CQ*120*UN*2***1

    Returns a hit on each component at fault. One whose length is wrong is the guide's (IK4-4, IK4-5).
    """
    modifiers = line.modifiers
    if modifiers in _GOOD:
        return ()
    found: list[Hit] = []
    for n, modifier in enumerate(modifiers):
        if len(modifier) == 2 and not is_modifier_shape(modifier):
            found.append(Hit(f"SV101-{n + 3}", values={"modifier": modifier}))
        elif modifier and modifier in modifiers[:n]:
            found.append(Hit(f"SV101-{n + 3}", values={"modifier": modifier}, says="repeated"))
    if not found and len(_GOOD) < _GOOD_LIMIT:
        _GOOD.add(modifiers)
    return found


_GOOD: set[tuple[str, ...]] = {()}
_GOOD_LIMIT = 20_000


@check
def unlisted_procedure_without_description(claim: Claim, line: ServiceLine) -> Result:
    """An unlisted procedure, and nothing says what was done (TR3 2400 SV101-7).

    A description in SV101-7, a note (NTE) of claim or line, a drug (2410) or an attachment (PWK) will do. Which codes
    are unlisted is the edit's ``where``.

    Wrong:  SV1*HC:97799*80*UN*1***1
    Right:  SV1*HC:97799:::::KINESIO TAPING SHOULDER*80*UN*1***1

    Returns one hit on SV101-7.
    """
    if line.description or line.has_drug or line.attachments or claim.attachments:
        return ()
    if any(n.code != "K3" for n in line.notes) or any(n.code != "K3" for n in claim.notes):
        return ()
    return (Hit("SV101-7"),)


@check(gives="number expected", screen=has_ordinary_lines)
def line_number_out_of_order(claim: Claim) -> Result:
    """LX01 doesn't count the claim's lines 1, 2, 3 … (TR3 2400 LX01).

    Wrong:  LX*1 … LX*3 …
    Right:  LX*1 … LX*2 …

    Returns one hit, on the first LX01 at fault.
    """
    for n, line in enumerate(claim.service_lines, 1):
        text = line.line_number
        if text != _NUMBERS[n % 100] and text and not _is_number(text, n):
            return (Hit("LX01", line.segment, line.number, {"number": text, "expected": n}),)
    return ()


def _is_number(text: str, n: int) -> bool:
    # Not a number: the guide's edit. Leading zeros say the same number.
    return not (text.isascii() and text.isdecimal()) or (len(text) < 10 and int(text) == n)


@check(gives="control_number", screen=has_ordinary_lines, names_line=True)
def line_control_number_repeated(claim: Claim) -> Result:
    """A line item control number (REF*6R) stands on two lines: a payment can't be matched to its line.

    Wrong:  LX*1 … REF*6R*A1-1     LX*2 … REF*6R*A1-1
    Right:  LX*1 … REF*6R*A1-1     LX*2 … REF*6R*A1-2

    Returns a hit on each line that repeats one.
    """
    lines = claim.service_lines
    n = len(lines)
    if n < 2 or (not lines[0].control_number and not lines[1].control_number and n == 2):
        return ()
    if n == 2 and lines[0].control_number != lines[1].control_number:
        return ()
    seen: set[str] = set()
    found: list[Hit] = []
    for line in lines:
        number = line.control_number
        if number and number in seen:
            segment = next((r.segment for r in line.references if r.qualifier == "6R"), line.segment)
            found.append(Hit("REF02", segment, line.number, {"control_number": number}))
        seen.add(number)
    return found


@check
def procedure_not_valid_on_date(claim: Claim, line: ServiceLine, *, procedure_codes: Procedures) -> Result:
    """A procedure code that isn't valid on the first day of service.

    ``procedure_codes`` is the user's dated table (CPT and HCPCS need their own licences; none is shipped); without one
    the edit is not evaluated.

    Wrong:  a code that was deleted the year before
    Right:  its successor

    Returns one hit on SV101-2; ``Unjudged`` when the table holds no code for that day.
    """
    day = line.service_dates.start
    if day is None or line.procedure_qualifier != "HC" or procedure_codes.is_valid(line.procedure, day):
        return ()
    if not is_hcpcs_shape(line.procedure):
        return ()
    if not procedure_codes.covers(line.procedure, day):
        return (Unjudged(f"the table of procedure codes holds none of this kind for {day:%Y-%m}"),)
    return (Hit("SV101-2"),)
