"""Payers of a claim: line of business, their order, and that what others decided is dated (loops 2320 to 2430)."""

from __future__ import annotations

from collections.abc import Mapping

from ...findings import Status
from ...model import Claim, ServiceLine
from ..registry import Hit, Result, check
from ..scope import conflicts
from ._screens import has_no_other_payer, has_ordinary_lines
from ._stray import has_strayed, ids_of_payers, names_another_payer, of_other_payers, same_payer

_LOWER = {"S": "PU", "T": "PSU"}
"""SBR01 to those before it in line, or perhaps (U). Of A to H, for payers beyond the third, nothing is asked."""


@check(gives="payer payers", screen=has_ordinary_lines, names_line=True)
def line_payment_without_other_payer(claim: Claim) -> Result:
    """A line's payment names a payer that the claim doesn't (TR3: SVD01 is the NM109 of a 2330B).

    Wrong:  NM1*PR*2*FIRST PLAN*****PI*11111  (2330B)   SVD*22222*60*HC:97140:GP**2
    Right:  NM1*PR*2*FIRST PLAN*****PI*11111  (2330B)   SVD*11111*60*HC:97140:GP**2

    Returns one hit for each line on the first SVD01 of each unknown payer; none where another payer's 2320 strayed,
    or its 2330B is missing or has no id, which the guide's edits say: it may be that one.
    """
    if has_strayed(claim, "SBR") or any(not other.payer_id for other in claim.other_payers):
        return ()
    found: list[Hit] = []
    ids = ids_of_payers(claim)
    payers = ", ".join(p.payer_id for p in claim.other_payers) or "none"
    for line in claim.service_lines:
        if line.adjudications:
            found.extend(_unknown_payers(ids, payers, line))
    return found


def _unknown_payers(ids: set[str], payers: str, line: ServiceLine) -> list[Hit]:
    found: dict[str, Hit] = {}
    for a in of_other_payers(ids, line):
        if a.payer_id and a.payer_id not in found:
            found[a.payer_id] = Hit("SVD01", a.segment, line.number, {"payer": a.payer_id, "payers": payers})
    return list(found.values())


@check(gives="sequence", screen=has_no_other_payer)
def payer_sequence_wrong(claim: Claim) -> Result:
    """Two payers claim the same place in line, or one before the last is missing (TR3: SBR01 in 2000B and 2320).

    Wrong:  SBR*P*18…  (2000B)   SBR*P*18…  (2320)
    Right:  SBR*S*18…  (2000B)   SBR*P*18…  (2320);  U, not known, may repeat

    Returns a hit on the SBR01 that repeats; at ``warn`` one on the claim's own SBR01 when it is S or T and no 2320 is
    of a lower one, or of one that may be: U, or none given (its SBR is missing or strayed).
    """
    own = claim.subscriber.sequence
    payers = claim.other_payers
    if not payers and (own == "P" or own not in _LOWER):
        return ()
    found: list[Hit] = []
    seen = {own}
    for other in payers:
        if other.sequence and other.sequence != "U" and other.sequence in seen:
            found.append(Hit("SBR01", other.segment, values={"sequence": other.sequence}))
        seen.add(other.sequence)
    if own in _LOWER and not (has_strayed(claim, "SBR") or any(
            not p.sequence or p.sequence in _LOWER[own] for p in payers)):
        found.append(Hit("SBR01", claim.subscriber.hl_segment, values={"sequence": own}, level="warn", says="gap"))
    return found


@check(gives="payer", screen=has_no_other_payer)
def other_payer_date_missing(claim: Claim) -> Result:
    """Another payer has decided, and neither the claim nor a line says when (TR3: DTP*573 in 2330B or in 2430).

    Wrong:  SBR*P*18…  AMT*D*60…  NM1*PR*2*FIRST PLAN*****PI*11111
    Right:  the same with DTP*573*D8*20260120 in 2330B, or with a 2430 of 11111 (which has its date)

    Returns a hit on each other payer at fault; at ``warn`` one where both levels are used; none where 2330B is missing,
    its DTP strayed or a line names another payer, which other edits say.
    """
    if not claim.other_payers or has_strayed(claim, "DTP") or names_another_payer(claim):
        return ()
    found: list[Hit] = []
    decided_on_lines = {same_payer(a.payer_id) for line in claim.service_lines for a in line.adjudications}
    for other in claim.other_payers:
        if not other.paid_text or other.payer is None:
            continue
        payer_id = other.payer_id
        on_claim = any(d.qualifier == "573" for d in other.dates)
        on_lines = same_payer(payer_id) in decided_on_lines
        if not on_claim and not on_lines:
            found.append(Hit("", other.payer.segment, values={"payer": payer_id}))
        elif on_claim and on_lines:
            date = next(d for d in other.dates if d.qualifier == "573")
            found.append(Hit("DTP03", date.segment, values={"payer": payer_id}, level="warn", says="both",
                             status=Status("A6", ("516",), "PR")))
    return found


@check(gives="payer filing payer_lob")
def line_of_business_conflict(claim: Claim, *, payer_lobs: Mapping[str, str]) -> Result:
    """SBR09 contradicts the line of business that the payer id is known for.

    ``payer_lobs``: payer id to line of business, of our map and the user's ``[payers]``. HM, CI and 12 are usual for
    Medicare Advantage and contradict nothing.

    Wrong:  SBR*P*18*******MC   NM1*PR*2*PACIFICSOURCE*****PI*93029
    Right:  SBR*P*18*******CI   NM1*PR*2*PACIFICSOURCE*****PI*93029

    Returns one hit on SBR09; the engine makes policy edits of such a claim a step milder.
    """
    s = claim.subscriber
    if s.payer is None or s.filing not in _TELLING:
        return ()
    lob = payer_lobs.get(s.payer.id.strip().upper(), "")
    if not lob or not conflicts(lob, s.filing):
        return ()
    values = {"payer": s.payer.id, "filing": s.filing, "payer_lob": _LOBS.get(lob, lob)}
    return (Hit("SBR09", s.hl_segment, values=values),)


_LOBS = {"medicare": "Medicare", "medicaid": "Medicaid"}
"""As sentences write them."""

_TELLING = frozenset({"MA", "MB", "16", "MC"})
"""Filing codes that can contradict a payer id at all."""
