"""Who is on the claim: patient and subscriber levels, demographics, providers and the NPI they should have."""

from __future__ import annotations

from ...findings import Status
from ...model import Claim, Party
from ..conditions import Codes
from ..registry import Hit, Result, check
from ._screens import has_ordinary_heading, has_ordinary_parties
from ._words import role

_DEMOGRAPHICS = Status("A6", ("158",), "IL")


@check(screen=has_ordinary_heading)
def patient_loop_missing(claim: Claim) -> Result:
    """The subscriber isn't the patient (SBR02 empty), and yet the claim hangs on the subscriber (TR3 2000B SBR02,
    2000C).

    Wrong:  HL*2*1*22*0   SBR*P**G1******CI   NM1*IL…   NM1*PR…   CLM…
    Right:  HL*2*1*22*1   SBR*P**G1******CI   NM1*IL…   NM1*PR…   HL*3*2*23*0   PAT*19   NM1*QC…   CLM…

    Returns one hit on SBR02; nothing where there is no SBR at all: that the 999 tells, and a 277CA may not say it again
    in other words.
    """
    s = claim.subscriber
    if s.relationship or claim.dependent is not None or claim.patient_hl_segment or not s.hl_segment:
        return ()
    has_sbr = s.sequence or s.group_number or s.group_name or s.insurance_type or s.filing
    return (Hit("SBR02", s.hl_segment),) if has_sbr else ()


@check(screen=has_ordinary_heading)
def patient_loop_not_expected(claim: Claim) -> Result:
    """The subscriber is the patient (SBR02 = 18), and yet a patient loop follows (TR3 2000B SBR02, 2000C).

    Wrong:  SBR*P*18*G1******CI   …   HL*3*2*23*0   PAT*19   NM1*QC…   CLM…
    Right:  SBR*P*18*G1******CI   …   CLM…

    Returns one hit on the HL of the patient loop.
    """
    if not claim.patient_hl_segment or claim.subscriber.relationship != "18":
        return ()
    return (Hit("HL03", claim.patient_hl_segment),)


@check(gives="missing", screen=has_ordinary_heading)
def subscriber_demographics_missing(claim: Claim) -> Result:
    """The subscriber is the patient, and 2010BA lacks address, city or birth date (TR3 2010BA N3, N4, DMG).

    Wrong:  SBR*P*18…   NM1*IL*1*ROE*ANN****MI*M1                    NM1*PR…
    Right:  SBR*P*18…   NM1*IL*1*ROE*ANN****MI*M1   N3*1 OAK ST   N4*BEND*OR*97701   DMG*D8*19800101*F   NM1*PR…

    Returns one hit on the subscriber's NM1 for the address, and one for birth date and sex.
    """
    s = claim.subscriber
    if s.has_address and s.has_city and s.has_demographics:
        return ()
    if s.relationship != "18" or not s.segment or claim.patient_hl_segment:
        return ()
    found: list[Hit] = []
    lacks = [name for there, name in ((s.has_address, "street (N3)"), (s.has_city, "city (N4)")) if not there]
    if lacks:
        found.append(Hit("", s.segment, values={"missing": " and the ".join(lacks)}))
    if not s.has_demographics:
        found.append(Hit("", s.segment, values={"missing": "birth date and sex (DMG)"}, status=_DEMOGRAPHICS))
    return found


@check(gives="who", screen=has_ordinary_parties)
def group_as_rendering_provider(claim: Claim) -> Result:
    """The rendering provider is an organisation (NM102 = 2).

    Wrong:  NM1*82*2*RIVERSIDE PT*****XX*1900000021
    Right:  NM1*82*1*LOE*KIM****XX*1900000021      or no 2310B, when the billing provider is the person who rendered

    Returns a hit on NM102 of 2310B and of each 2420A at fault.
    """
    found: list[Hit] = []
    party = claim.rendering
    if party is not None and party.type == "2":
        found.append(Hit("NM102", party.segment, values={"who": role(party)}))
    for line in claim.service_lines:
        party = line.rendering
        if party is not None and party.type == "2":
            found.append(Hit("NM102", party.segment, line.number, {"who": role(party, line.number)}))
    return found


@check(gives="who", screen=has_ordinary_parties)
def provider_npi_missing(
    claim: Claim, *, procedures: Codes, disciplines: frozenset[str], taxonomies: tuple[str, ...]
) -> Result:
    """A provider who gives care is named without an NPI (45 CFR 162.410; TR3 NM108, NM109).

    Care is shown by a line (``procedures``: therapy, manipulation, E/M; ``disciplines``: modifiers of a therapy plan)
    or by the provider's taxonomy (``taxonomies``: beginnings of the codes of people who treat). Who shows neither may
    be an atypical provider, a driver or a respite home, which has no NPI: ``warn``. So may who works abroad: only those
    in the US and its territories must have one. Where a rendering provider works is told by the place of service
    (2310C, 2420C), else by the billing provider's address.

    Wrong:  NM1*82*1*LOE*KIM      over  SV1*HC:97140:GP*120*UN*2***1
    Right:  NM1*82*1*LOE*KIM****XX*1900000021

    Returns a hit on NM1 of 2010AA, 2310B and of each 2420A at fault.
    """
    b = claim.billing
    r = claim.rendering
    if b.id_qualifier == "XX" and (r is None or r.id_qualifier == "XX"):
        for line in claim.service_lines:
            if line.rendering is not None and line.rendering.id_qualifier != "XX":
                break
        else:
            return ()
    treated = {n.number for n in claim.service_lines
               if n.procedure in procedures or not disciplines.isdisjoint(n.modifiers)}
    found: list[Hit] = []

    def judge(party: Party | None, line: int, is_care: bool, place: Party) -> None:
        if party is None or not party.segment or party.id_qualifier == "XX":
            return
        must = (is_care or party.taxonomy.upper().startswith(taxonomies)) and place.country.upper() in _WITH_NPI
        found.append(Hit("NM109", party.segment, line, {"who": role(party, line)}, level="" if must else "warn",
                         status=Status("A6", ("562",), party.entity), unless=((party.segment, "NM108"),)))

    place = claim.facility or b
    judge(b, 0, bool(treated), b)
    judge(r, 0, bool(treated), place)
    for line in claim.service_lines:
        judge(line.rendering, line.number, line.number in treated, line.facility or place)
    return found


_WITH_NPI = frozenset({"", "US", "AS", "GU", "MP", "PR", "UM", "VI"})
"""N404 of the US and its territories."""
