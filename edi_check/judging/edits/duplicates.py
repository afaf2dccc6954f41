"""What is sent twice: a claim of the file like an earlier one, a number used again, a line like another of its claim.

Which pairs of claims are looked at is ``settle``'s: it compares keys of all claims of the file, in file order, and
gives the two claims here. DUP-04, a file sent twice, is known to the watcher only.
"""

from __future__ import annotations

from ...findings import Related
from ...model import Claim, Party, ServiceLine
from ..conditions import Codes
from ..registry import Hit, Result, check


def provider_id(party: Party) -> str:
    """Who a provider is: NPI, else tax id, else whatever NM109 says, else the name."""
    return party.npi or party.tax_id or party.id or party.name


def line_signature(claim: Claim, line: ServiceLine) -> tuple[object, ...]:
    """What makes two lines the same service: days, code, modifiers in any order, units, charge, place, who rendered it,
    and the diagnoses pointed to. ``6`` and ``6.0`` are alike, so are upper and lower case."""
    days = line.service_dates
    return (line.procedure_qualifier, line.procedure.upper(), tuple(sorted(m.upper() for m in line.modifiers)),
            days.start, days.end, line.units, line.charge, line.place, provider_id(claim.rendering_of(line)),
            tuple(d.code.upper() for d in line.diagnoses))


def claim_key(claim: Claim) -> str:
    """A text that two duplicate claims always share, and few others do: cheap, made for every claim. Its likes are then
    compared by ``claim_signature``."""
    s = claim.subscriber
    patient = claim.dependent or s
    lines = claim.service_lines
    day = lines[0].service_dates.start if lines else None
    return f"{s.id}|{s.sequence}|{patient.first_name}|{len(lines)}|{day}".upper()


def claim_signature(claim: Claim, payer: str = "") -> tuple[object, ...]:
    """What makes two claims the same: billing provider, payer (``payer`` names its group, else the id as sent), SBR01,
    patient, and the same lines in any order."""
    s = claim.subscriber
    patient = claim.patient
    return (provider_id(claim.billing), payer or claim.payer.id.upper(), s.sequence, s.id.strip().upper(),
            patient.birth_text, patient.first_name.strip().upper(),
            tuple(sorted((line_signature(claim, n) for n in claim.service_lines), key=repr)))


@check(looks_at="signature")
def duplicate_claim(earlier: Claim, later: Claim, *, repeats: Codes) -> Result:
    """A claim of the file is like an earlier one in provider, payer, order of payers, patient and every line.

    Both are originals (CLM05-3 = 1). ``repeats``: modifiers that say that a service was meant to be repeated or is
    distinct; with one of them on a line the hit is a ``review``.

    Wrong:  CLM*A1*120***11:B:1… and CLM*A2*120***11:B:1…, both SV1*HC:97140:GP*120*UN*2***1 on 2026-02-03 for one
    patient
    Right:  the same, with another day, patient, charge or modifier on the second

    Returns one hit on the later claim.
    """
    if earlier.frequency != "1" or later.frequency != "1":
        return ()
    is_repeat = any(m in repeats for n in later.service_lines for m in n.modifiers)
    return (Hit("CLM01", level="review" if is_repeat else "", says="repeat" if is_repeat else "",
                related=(Related(earlier.index, 0),)),)


@check(looks_at="number")
def patient_control_number_repeated(earlier: Claim, later: Claim) -> Result:
    """CLM01 was used before in the file, for another claim: payments can't be matched.

    Wrong:  CLM*A1*120… for one patient, CLM*A1*90… for another
    Right:  CLM*A1*120…, CLM*A2*90…; or a replacement or void of A1

    Returns one hit on the later claim.
    """
    if later.frequency in ("7", "8") or earlier.frequency in ("7", "8"):
        return ()
    if earlier.frequency == later.frequency == "1" and claim_signature(earlier) == claim_signature(later):
        return ()  # a duplicate claim: CORE-DUP-01 says so
    return (Hit("CLM01", related=(Related(earlier.index, 0),)),)


@check(gives="procedure number earlier day")
def duplicate_line(claim: Claim, *, repeats: Codes) -> Result:
    """Two lines of a claim are alike in code, modifiers, days, units, charge, pointers and who rendered them.

    ``repeats``: modifiers that say that the service was repeated or is distinct; a line with one of them is left out.

    Wrong:  SV1*HC:97140:GP*60*UN*1***1 twice, on one day
    Right:  SV1*HC:97140:GP*60*UN*1***1 and SV1*HC:97140:GP:76*60*UN*1***1

    Returns a hit on each later line.
    """
    lines = claim.service_lines
    n = len(lines)
    if n < 2 or (n == 2 and lines[0].procedure != lines[1].procedure):
        return ()
    if n > 2 and len({line.procedure for line in lines}) == n:
        return ()
    seen: dict[tuple[object, ...], int] = {}
    found: list[Hit] = []
    for line in lines:
        start = line.service_dates.start
        if start is None or line.units is None or line.charge is None or any(m in repeats for m in line.modifiers):
            continue
        signature = line_signature(claim, line)
        if signature in seen:
            values = {"procedure": line.procedure, "number": line.number, "earlier": seen[signature], "day": start}
            found.append(Hit("", line.service_segment, line.number, values, related=(Related(0, seen[signature]),)))
        seen.setdefault(signature, line.number)
    return found
