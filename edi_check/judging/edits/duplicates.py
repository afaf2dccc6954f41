"""What is sent twice: a claim of the file like an earlier one, a number used again, a line like another of its claim.

Which pairs of claims are looked at, and what makes two of them the same, is ``settle``'s and ``comparison``'s.
CORE-DUP-04, a file sent twice, is known to the watcher only.
"""

from __future__ import annotations

from ...findings import Related
from ...model import Claim, ServiceLine
from ..comparison import Compared, Earlier, kind_of
from ..identities import provider_key
from ..registry import Hit, Result, check
from ._screens import has_ordinary_lines


@check(looks_at="signature")
def duplicate_claim(earlier: Earlier, later: Compared, *, repeats: frozenset[str]) -> Result:
    """A claim of the file is like an earlier one in provider, payer, order of payers, patient and every line.

    Both are originals (CLM05-3 = 1). ``repeats``: modifiers that say that a service was repeated on purpose or is
    distinct; with one of them on a line the hit is a ``review``, and where the claims differ in something else (an
    address gone to, the date of an accident, a reference): whether that makes them two is for a person to say.

    Wrong:  CLM*A1*120… and CLM*A2*120…, both SV1*HC:97140:GP*120*UN*2***1 on 2026-02-03 for one patient
    Right:  the same, with another day, patient, charge or modifier on the second

    Returns one hit on the later claim.
    """
    says = "repeat" if not later.modifiers.isdisjoint(repeats) else "differs" if later.has_other_details else ""
    return (Hit("CLM01", level="review" if says else "", says=says, related=(Related(earlier.index, 0),)),)


@check(looks_at="number")
def patient_control_number_repeated(earlier: Earlier, later: Compared) -> Result:
    """CLM01 was used before in the file, for another claim: payments can't be matched.

    Wrong:  CLM*A1*120… for one patient, CLM*A1*90… for another
    Right:  CLM*A1*120…, CLM*A2*90…; or a replacement or void of A1

    Returns one hit on the later claim. A duplicate claim doesn't come here: CORE-DUP-01 says so.
    """
    if later.frequency in ("7", "8") or earlier.frequency in ("7", "8"):
        return ()
    return (Hit("CLM01", related=(Related(earlier.index, 0),)),)


@check(gives="procedure number earlier day", screen=has_ordinary_lines)
def duplicate_line(claim: Claim, *, repeats: frozenset[str]) -> Result:
    """Two lines of a claim are alike in code, modifiers, description, drug, place, days, units, charge, pointers, in
    who rendered them and in all else that they say of the service.

    ``repeats``: modifiers that say that the service was repeated or is distinct; a line with one of them is left out.

    Wrong:  SV1*HC:97140:GP*60*UN*1***1 twice, on one day
    Right:  SV1*HC:97140:GP*60*UN*1***1 and SV1*HC:97140:GP:76*60*UN*1***1; two rides of an ambulance on one day, each
            with its places (2420G, 2420H)

    Returns a hit on each later line.
    """
    lines = claim.service_lines
    n = len(lines)
    if n < 2 or (n == 2 and lines[0].procedure != lines[1].procedure):
        return ()
    if n > 2 and len({line.procedure for line in lines}) == n:
        return ()
    first: dict[tuple[object, ...], ServiceLine] = {}
    told: dict[tuple[object, ...], dict[str, int]] = {}
    found: list[Hit] = []
    for line in lines:
        start = line.service_dates.start
        if start is None or line.units is None or line.charge is None or any(m in repeats for m in line.modifiers):
            continue
        signature = _signature(claim, line)
        like = first.setdefault(signature, line)
        if like is line:
            continue
        earlier = told.get(signature)
        if earlier is None:
            earlier = told[signature] = {_details(claim, like): like.number}
        number = earlier.setdefault(_details(claim, line), line.number)
        if number != line.number:
            values = {"procedure": line.procedure, "number": line.number, "earlier": number, "day": start}
            found.append(Hit("", line.service_segment, line.number, values, related=(Related(0, number),)))
    return found


def _signature(claim: Claim, line: ServiceLine) -> tuple[object, ...]:
    """What makes two lines the same service; ``6`` and ``6.0`` units are alike."""
    days = line.service_dates
    return (line.procedure_qualifier, line.procedure, tuple(sorted(line.modifiers)), line.description.strip().upper(),
            line.drug_code, line.place, days.start, days.end, line.unit_basis, line.units, line.charge,
            provider_key(claim.rendering_of(line), claim.billing), tuple(d.code for d in line.diagnoses))


_ELSEWHERE = frozenset({"2420A", "2430"})
"""Loops of a line that tell nothing of the service: who rendered is in the signature, who paid makes no service."""
_OWN = frozenset({"LX", "SV1", "DTP:472", "REF:6R", "REF:9B", "REF:9D", "PWK", "K3"})
"""Segments of a line that the signature holds, or with a number of the line's own."""


def _details(claim: Claim, line: ServiceLine) -> str:
    """What else a line says of the service, as sent: places, results, prescription, lot, notes … For the rare line that
    is like another so far."""
    if claim.trace is None:
        return ""
    lines = claim.service_lines
    last = lines[line.number].segment - 1 if line.number < len(lines) else claim.last_segment
    separator = claim.interchange.delimiters.element
    texts = []
    for place in claim.trace.segments(line.segment, last):
        if kind_of(place.text.split(separator)) not in _OWN and place.loop not in _ELSEWHERE:
            texts.append(place.text.upper())
    return "\n".join(texts)
